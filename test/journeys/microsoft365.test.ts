/**
 * Mail to a submission service like Microsoft's, with the connector of the manual: tokens, mailboxes, what replies lead to,
 * and that nothing secret is left anywhere.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../src/testing/microsoft-smtp.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { aadError, startTokenServer, type TokenServer } from "../../src/testing/token-server.ts";
import { plain } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

let tls: { key: string; cert: string };
let client: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("smtp.office365.test");
  client = await testCertificate("application", "RSA");
});

let tokens: TokenServer;
let smtp: SubmissionServer;
let relay: AdministeredRelay | undefined;
let directory: string | undefined;
let port: number;
const secret = "Q8~verySecretValue.of-the_application";

beforeEach(async () => {
  tokens = await startTokenServer();
  smtp = await startMicrosoftSmtp({ tls, isGood: (token) => tokens.isGood(token) });
  port = await freePort();
});
afterEach(async () => {
  await relay?.halt();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  directory = undefined;
  await smtp.close();
  await tokens.close();
  relay = undefined;
});

/** As the manual has it; `credential`: in place of the secret's file. */
const configuration = (
  credential = "clientSecretFile: m365.secret\n      clientSecretExpires: 2027-05-01",
): string => `receiveConnectors:
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
    oauth:
      tenant: contoso.onmicrosoft.com
      clientId: 11111111-2222-3333-4444-555555555555
      ${credential}
      authority: ${tokens.url}
    senderMailboxes: { "noreply@contoso.com": "relay@contoso.com" }
    smartHosts: ["[127.0.0.1]:${smtp.port}"]
    tlsAuthLevel: EncryptionOnly
    mailboxMessageRateLimit: unlimited
    protocolLoggingLevel: Verbose
transport:
  transientFailureRetryInterval: 2s
  queueGlitchRetryInterval: 1s
  messageRetryInterval: 2s
diagnostics:
  levels: { SmtpSend: Expert, Configuration: Expert }
`;

async function start(text = configuration()): Promise<AdministeredRelay> {
  directory ??= await mkdtemp(join(tmpdir(), "weir-m365-"));
  await writeFile(join(directory, "m365.secret"), `${secret}\n`);
  await writeFile(join(directory, "app.pem"), client.cert);
  await writeFile(join(directory, "app.key"), client.key);
  relay = await startAdministeredRelay(text, { directory });
  return relay;
}
const send = (from = "noreply@contoso.com", to = ["someone@dest.example"]): Promise<string> =>
  sendMessage({ port, content: plain.content, from, to });
const queued = (): number => relay?.relay.queued ?? -1;
const eventsCalled = (name: string): readonly unknown[] =>
  relay?.events.filter((record) => record.name === name) ?? [];

test("mail goes out by mailbox, with one token for all", async () => {
  await start();
  await send();
  await send("other@contoso.com");
  await smtp.waitFor(2);
  expect(smtp.messages.map(({ mailbox, reversePath }) => `${reversePath} by ${mailbox}`).sort()).toEqual([
    "noreply@contoso.com by relay@contoso.com",
    "other@contoso.com by other@contoso.com",
  ]);
  expect(tokens.requests).toHaveLength(1);
  expect(tokens.requests[0]).toMatchObject({
    path: "/contoso.onmicrosoft.com/oauth2/v2.0/token",
    form: { client_secret: secret, scope: "https://outlook.office365.com/.default" },
  });
});

test("a certificate does in place of a secret", async () => {
  await start(configuration("certificateFile: app.pem\n      keyFile: app.key"));
  await send();
  await smtp.waitFor(1);
  expect(tokens.requests[0]?.form).toHaveProperty("client_assertion");
});

test("tokens end in the middle, are revoked, and the mail goes on", async () => {
  tokens.configure({ expiresIn: 1 });
  await start(
    configuration().replace("protocolLogging", "smtpMaxMessagesPerConnection: 5\n    protocolLogging"),
  );
  for (let round = 0; round < 6; round++) {
    if (round === 3) tokens.revoke();
    await Promise.all(Array.from({ length: 20 }, (_, n) => send(`app${n % 3}@contoso.com`)));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await smtp.waitFor(120);
  expect(smtp.messages).toHaveLength(120);
  expect(tokens.issued.length).toBeGreaterThan(1);
  expect(smtp.mostAtOnce).toBeLessThanOrEqual(3);
  expect(eventsCalled("DeliveryFailed")).toEqual([]);
});

test("while the authority is away the queue waits, with its words, and then all goes", async () => {
  tokens.configure({ answer: () => ({ status: 503, headers: { "retry-after": "1" }, body: "" }) });
  await start();
  for (let n = 0; n < 5; n++) await send();
  const queue = () => relay?.relay.queues().find(({ connector }) => connector === "Microsoft 365");
  // It is tried again each second meanwhile.
  await expect
    .poll(queue)
    .toMatchObject({ status: "Retry", lastError: expect.stringMatching(/no token from .*answered 503/) });
  expect(smtp.connections).toBe(0);
  tokens.configure({ answer: undefined });
  relay?.relay.retryNow();
  await smtp.waitFor(5);
  expect(eventsCalled("OAuthTokenFailed")).toHaveLength(1);
  expect(eventsCalled("OAuthTokenRestored")).toHaveLength(1);
  expect(eventsCalled("DeliveryFailed")).toEqual([]);
});

describe("nothing is returned", () => {
  test.each([
    ["quota", "content", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed"],
    [
      "a full mailbox",
      "content",
      "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.x",
    ],
    [
      "a log-on that is refused",
      "auth",
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
    ],
    [
      "a mailbox the application has no right on",
      "content",
      "430 4.2.0 STOREDRV; mailbox logon failure; x.MapiExceptionLogonFailed",
    ],
  ])("for %s: the mailbox's mail waits, others' goes on", async (_, at, reply) => {
    smtp.configure({
      says: (stage) => (stage.at === at && stage.mailbox === "relay@contoso.com" ? reply : undefined),
    });
    await start();
    for (let n = 0; n < 5; n++) await send();
    await send("other@contoso.com");
    await smtp.waitFor(1);
    await expect.poll(queued).toBe(5);
    await expect
      .poll(() => relay?.relay.queues().map(({ putOff }) => putOff))
      .toContainEqual(expect.stringMatching(/^mail of relay@contoso.com waits until .*Z: /));
    expect(eventsCalled("DeliveryFailed")).toEqual([]);
    expect((await relay?.client.call("getOverview", {}))?.headlines[0]?.text).toMatch(
      /put off by its next hop: mail of relay@contoso\.com waits until /,
    );
    expect((await relay?.client.call("listSendBudgets", {}))?.budgets).toContainEqual(
      expect.objectContaining({
        mailbox: "relay@contoso.com",
        heldUntil: expect.stringMatching(/Z$/) as string,
      }),
    );
    smtp.configure({ says: () => undefined });
    relay?.relay.retryNow();
    await smtp.waitFor(6);
    await expect.poll(queued).toBe(0);
    expect(smtp.messages.every(({ reversePath }) => reversePath !== "")).toBe(true);
  });

  test("for too many at once: the mailbox is slowed down and tried again in seconds", async () => {
    let refusals = 3;
    smtp.configure({
      says: ({ at }) =>
        at === "content" && refusals-- > 0 ? "432 4.3.2 Concurrent connections limit exceeded" : undefined,
    });
    await start();
    for (let n = 0; n < 6; n++) await send();
    await expect.poll(() => eventsCalled("SenderThrottled").length).toBe(3);
    expect(queued()).toBeGreaterThan(0);
    relay?.relay.retryNow();
    await smtp.waitFor(6);
  });
});

test("a day's recipients are counted over a crash and a restart; what is over waits and nothing is returned", async () => {
  const limited = configuration().replace(
    "mailboxMessageRateLimit: unlimited",
    "mailboxMessageRateLimit: unlimited\n    mailboxRecipientRateLimit: 5",
  );
  const { dataDirectory } = await start(limited);
  for (let n = 0; n < 3; n++) await send();
  await smtp.waitFor(3);
  const { budgets: kept } = JSON.parse(await readFile(join(dataDirectory, "send-budgets.json"), "utf8")) as {
    budgets: { mailbox: string; day: [number, number][] }[];
  };
  // What kill -9 would leave.
  expect(kept[0]).toMatchObject({ mailbox: "relay@contoso.com" });
  expect(kept[0]?.day.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(3);
  for (let n = 0; n < 3; n++) await send();
  await smtp.waitFor(5);
  const spent = {
    budgets: [
      {
        connectors: ["Microsoft 365"],
        mailbox: "relay@contoso.com",
        recipientRateLimit: 5,
        recipientsUsed: 5,
        recipientsLeft: 0,
        waitingMessages: 1,
        freesAt: expect.any(String) as string,
        backlogEndsAt: expect.any(String) as string,
      },
    ],
  };
  await expect.poll(() => relay?.client.call("listSendBudgets", {})).toMatchObject(spent);
  const { queues } = (await relay?.client.call("listQueues", {})) ?? { queues: [] };
  expect(queues.find(({ connector }) => connector === "Microsoft 365")).toMatchObject({
    messages: 1,
    lastError: expect.stringMatching(
      /^1 message of relay@contoso\.com waits for its turn \(5 recipients a day\), until /,
    ) as string,
    backlogEndsAt: expect.any(String) as string,
  });
  expect(eventsCalled("SendBudgetNearlySpent")).toHaveLength(1);
  expect(eventsCalled("SendBudgetSpent")).toHaveLength(1);
  await relay?.halt();
  await start(limited);
  await expect.poll(() => relay?.client.call("listSendBudgets", {})).toMatchObject(spent);
  expect(smtp.messages).toHaveLength(5);
  expect(eventsCalled("DeliveryFailed")).toEqual([]);
});

test("a sender that may not send so gets a report that names sender and mailbox", async () => {
  smtp.configure({
    says: ({ at, mailbox }) =>
      at === "content" && mailbox === "relay@contoso.com"
        ? "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed"
        : undefined,
  });
  await start(
    configuration().replace('"relay@contoso.com" }', '"relay@contoso.com", "<>": "reports@contoso.com" }'),
  );
  await send();
  await smtp.waitFor(1);
  const [report] = smtp.messages;
  expect(report).toMatchObject({
    reversePath: "",
    mailbox: "reports@contoso.com",
    recipients: ["noreply@contoso.com"],
  });
  expect(report?.content.toString()).toContain("noreply@contoso.com");
  expect(report?.content.toString().replace(/=?\r\n\s*/g, "")).toContain("relay@contoso.com");
});

test("no secret, token or assertion is left behind in files, events, answers and metrics", async () => {
  let challenge = 0;
  smtp.configure({
    errorChallenge: '{"status":"invalid_token"}',
    // Repeats what it was sent, once.
    says: ({ at, line }) =>
      at === "auth" && challenge++ === 0
        ? `535 5.7.3 cannot read ${Buffer.from(line).toString("base64").slice(0, 300)}`
        : undefined,
  });
  const { relay: running, client: api, dataDirectory, events } = await start();
  await send();
  await smtp.until(() => challenge > 0);
  tokens.revoke();
  await send("other@contoso.com");
  await smtp.waitFor(1);
  await relay?.configuration.edit(
    {
      kind: "set",
      section: "sendConnectors",
      name: "Microsoft 365",
      settings: {
        oauth: {
          tenant: "contoso.onmicrosoft.com",
          clientId: "22222222-2222-3333-4444-555555555555",
          certificateFile: "app.pem",
          keyFile: "app.key",
          authority: tokens.url,
        },
      },
    },
    false,
  );
  await send("third@contoso.com");
  await smtp.until(() => smtp.messages.some(({ reversePath }) => reversePath === "third@contoso.com"));
  tokens.configure({ answer: () => aadError(7000215, "invalid_client", "Invalid client secret provided.") });
  const answers = JSON.stringify([
    await api.call("listSendConnectors", {}),
    running.queues(),
    events,
    await running.exposition(),
    await running.messages.list("", 100),
  ]);
  await relay?.halt();
  relay = undefined;
  const left: string[] = [answers];
  for (const entry of await readdir(dataDirectory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) left.push((await readFile(join(entry.parentPath, entry.name))).toString("latin1"));
  const all = left.join("\n");
  expect(all).toContain("AUTH XOAUTH2");
  const assertions = tokens.requests.flatMap(({ form }) => form["client_assertion"] ?? []);
  expect(assertions.length).toBeGreaterThan(0);
  const secrets = [
    secret,
    ...tokens.issued,
    ...assertions,
    ...smtp.lines.filter((line) => line.length > 500),
    client.key.split("\n")[1] ?? "",
  ];
  for (const each of secrets) {
    expect(each.length).toBeGreaterThan(20);
    expect(all.includes(each.slice(0, 60))).toBe(false);
  }
});
