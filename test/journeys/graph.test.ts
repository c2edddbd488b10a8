/**
 * Mail by Microsoft Graph, with the connectors of the manual: who it is delivered to, what goes by the other connector, what
 * its answers lead to, and that nothing secret is left anywhere.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type GraphServer, startGraphServer } from "../../src/testing/graph-server.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../src/testing/microsoft-smtp.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { startTokenServer, type TokenServer } from "../../src/testing/token-server.ts";
import { plain, withAttachment } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

const secret = "Q8~verySecretValue.of-the_application";
let tls: { key: string; cert: string };
let tokens: TokenServer;
let graph: GraphServer;
let smtp: SubmissionServer;
let relay: AdministeredRelay;
let directory: string;
let port: number;

beforeAll(async () => {
  tls = await testCertificate("smtp.office365.test");
});
beforeEach(async () => {
  tokens = await startTokenServer();
  const isGood = (token: string): boolean => tokens.isGood(token);
  graph = await startGraphServer({ isGood, retryAfterSeconds: 1 });
  smtp = await startMicrosoftSmtp({ tls, isGood });
  port = await freePort();
  directory = await mkdtemp(join(tmpdir(), "weir-graph-"));
  await writeFile(join(directory, "m365.secret"), `${secret}\n`);
  const oauth = `oauth:
      tenant: contoso.onmicrosoft.com
      clientId: 11111111-2222-3333-4444-555555555555
      clientSecretFile: m365.secret
      authority: ${tokens.url}`;
  relay = await startAdministeredRelay(
    `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100
    tarpitInterval: 0s
sendConnectors:
  - name: Microsoft 365
    addressSpaces: ["*"]
    preset: microsoft365
    ${oauth}
    senderMailboxes: { "noreply@contoso.com": "relay@contoso.com", "<>": "reports@contoso.com" }
    smartHosts: ["[127.0.0.1]:${smtp.port}"]
    tlsAuthLevel: EncryptionOnly
    mailboxMessageRateLimit: unlimited # of both, so that a burst meets what Graph takes at once
  - name: Graph
    addressSpaces: ["*"]
    preset: graph
    ${oauth}
    senderMailboxes: { "noreply@contoso.com": "relay@contoso.com" }
    graphRoot: ${graph.url}
    mailboxMessageRateLimit: unlimited
    overflowConnector: Microsoft 365
transport:
  transientFailureRetryInterval: 2s
  queueGlitchRetryInterval: 1s
  messageRetryInterval: 2s
diagnostics:
  levels: { SmtpSend: Expert, Configuration: Expert }
`,
    { directory },
  );
});
afterEach(async () => {
  await relay.halt();
  await rm(directory, { recursive: true, force: true });
  await smtp.close();
  await graph.close();
  await tokens.close();
});

const send = (to: readonly string[] = ["someone@dest.example"], content = plain.content): Promise<string> =>
  sendMessage({ port, content, from: "noreply@contoso.com", to });
const queued = (): number => relay.relay.queued;

test("mail goes by Graph to the envelope's recipients, the larger by SMTP with a token of its own", async () => {
  await send(["hidden@dest.example", "other@dest.example"]);
  await graph.waitFor(1);
  const [message] = graph.messages;
  expect(message?.mailbox).toBe("relay@contoso.com");
  expect([...(message?.deliveredTo ?? [])].sort()).toEqual(["hidden@dest.example", "other@dest.example"]);
  await send(undefined, withAttachment("large", 4_000_000));
  await smtp.waitFor(1);
  expect(smtp.messages[0]).toMatchObject({
    mailbox: "relay@contoso.com",
    recipients: ["someone@dest.example"],
  });
  await expect.poll(queued).toBe(0);
  expect(graph.requests).toBe(1);
  expect(tokens.requests.map(({ form }) => form["scope"])).toEqual([
    "https://graph.microsoft.com/.default",
    "https://outlook.office365.com/.default",
  ]);
});

test("a refused recipient is reported, by the other connector: Graph carries no null reverse-path", async () => {
  graph.configure({ invalidRecipients: ["bad@dest.example"] });
  await send(["good@dest.example", "bad@dest.example", "fine@dest.example"]);
  await smtp.waitFor(1);
  expect(graph.messages.flatMap(({ deliveredTo }) => deliveredTo).sort()).toEqual([
    "fine@dest.example",
    "good@dest.example",
  ]);
  expect(smtp.messages[0]).toMatchObject({ reversePath: "", recipients: ["noreply@contoso.com"] });
  const report = smtp.messages[0]?.content.toString() ?? "";
  expect(report).toContain("bad@dest.example");
  expect(report).toContain("ErrorInvalidRecipients");
  await expect.poll(queued).toBe(0);
});

test("what is held or throttled is not returned, and goes when it may", async () => {
  let refusals = 2;
  graph.configure({
    answer: () => {
      if (refusals-- > 0) return { status: 403, code: "ErrorAccessDenied", message: "Access is denied." };
      return refusals === -1 ? { status: 429, headers: { "Retry-After": "1" } } : undefined;
    },
  });
  for (let n = 0; n < 3; n++) await send();
  const lastError = () => relay.relay.queues().map(({ putOff }) => putOff);
  await expect.poll(lastError).toContainEqual(expect.stringContaining("ErrorAccessDenied"));
  expect(queued()).toBe(3);
  await expect
    .poll(
      () => {
        relay.relay.retryNow();
        return queued();
      },
      { interval: 300 },
    )
    .toBe(0);
  expect(graph.messages).toHaveLength(3);
  expect(smtp.messages).toEqual([]);
  expect(relay.events.filter(({ name }) => name === "DeliveryFailed")).toEqual([]);
});

test("a burst: four at once, no refusal, each once", async () => {
  graph.configure({ takesMs: 5 });
  await Promise.all(Array.from({ length: 60 }, (_, n) => send([`r${n}@dest.example`])));
  await graph.waitFor(60);
  expect(graph.mostAtOnce).toBeLessThanOrEqual(4);
  expect(graph.requests).toBe(60);
  await expect.poll(queued).toBe(0);
});

test("no secret or token is left behind in files, events, answers and metrics", async () => {
  graph.configure({
    answer: ({ number }) =>
      number === 1
        ? { status: 400, code: "BadRequest", message: `cannot read ${graph.authorizations.join(" ")}` }
        : undefined,
  });
  await send();
  await smtp.waitFor(1);
  await send();
  await graph.waitFor(1);
  await expect.poll(queued).toBe(0);
  const shown = await relay.client.call("listSendConnectors", {});
  expect(JSON.stringify(shown)).toContain(graph.url);
  const answers = JSON.stringify([shown, relay.relay.queues(), relay.events, await relay.relay.exposition()]);
  await relay.halt();
  const left = [answers, ...smtp.messages.map(({ content }) => content.toString())];
  for (const entry of await readdir(relay.dataDirectory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) left.push((await readFile(join(entry.parentPath, entry.name))).toString("latin1"));
  const all = left.join("\n");
  expect(all).toContain("cannot read");
  for (const each of [secret, ...tokens.issued.map((token) => token.slice(0, 60))])
    expect(all.includes(each)).toBe(false);
});

test("Test-SendConnector: a token with its claims, a message followed to its 202, and words for what is refused", async () => {
  const from = "noreply@contoso.com";
  const wanted = { name: "Graph", from, to: "you@dest.example" };
  const good = await relay.client.call("testSendConnector", wanted);
  expect(good).toMatchObject({ ok: true, to: "you@dest.example" });
  expect(good.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(["token ok", "data ok"]);
  expect(graph.messages).toMatchObject([{ mailbox: "relay@contoso.com", deliveredTo: ["you@dest.example"] }]);
  graph.configure({ answer: () => ({ status: 403, code: "ErrorAccessDenied" }) });
  const denied = await relay.client.call("testSendConnector", wanted);
  expect(denied).toMatchObject({ ok: false, to: null });
  expect(JSON.stringify(denied)).toMatch(/403 ErrorAccessDenied.*grants take up to two hours/);
  for (const token of tokens.issued) expect(JSON.stringify([good, denied])).not.toContain(token.slice(0, 60));
});
