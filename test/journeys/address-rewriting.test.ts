/**
 * Software that sends as anything, by a service that takes mail of its own mailboxes only: what leaves, who logs on for it, and
 * who is told when it fails.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type GraphServer, startGraphServer } from "../../src/testing/graph-server.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../src/testing/microsoft-smtp.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { startTokenServer, type TokenServer } from "../../src/testing/token-server.ts";
import { withAttachment } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

let tls: { key: string; cert: string };
let tokens: TokenServer;
let graph: GraphServer;
let smtp: SubmissionServer;
let inside: RecordingSink;
let relay: AdministeredRelay;
let directory: string;
let port: number;

beforeAll(async () => {
  tls = await testCertificate("smtp.office365.test");
});
beforeEach(async () => {
  tokens = await startTokenServer();
  const isGood = (token: string): boolean => tokens.isGood(token);
  graph = await startGraphServer({ isGood });
  // As Microsoft does: only who logged on may be the sender.
  smtp = await startMicrosoftSmtp({
    tls,
    isGood,
    says: ({ at, mailbox, line }) =>
      at === "mail" && !line.toLowerCase().includes(`<${mailbox}>`)
        ? "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
        : undefined,
  });
  inside = await startRecordingSink();
  port = await freePort();
  directory = await mkdtemp(join(tmpdir(), "weir-rewriting-"));
  await writeFile(join(directory, "m365.secret"), "a-secret\n");
  const oauth = `oauth: { tenant: t, clientId: c, clientSecretFile: m365.secret, authority: "${tokens.url}" }`;
  relay = await startAdministeredRelay(
    `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
sendConnectors:
  - name: Inside
    addressSpaces: ["*.old.local"]
    smartHosts: ["[127.0.0.1]:${inside.port}"]
  - name: Microsoft 365
    addressSpaces: ["*"]
    preset: microsoft365
    ${oauth}
    senderMailboxes: { "reports@contoso.com": "relay@contoso.com" }
    smartHosts: ["[127.0.0.1]:${smtp.port}"]
    tlsAuthLevel: EncryptionOnly
  - name: Graph
    addressSpaces: ["graph.example"]
    preset: graph
    ${oauth}
    graphRoot: ${graph.url}
    overflowConnector: Microsoft 365
addressRewriteEntries:
  - name: Everybody
    internalAddress: "*"
    externalAddress: relay@contoso.com
    exceptionList: [contoso.com]
    sendConnectors: [Microsoft 365, Graph]
`,
    { directory },
  );
});
afterEach(async () => {
  await relay.halt();
  await rm(directory, { recursive: true, force: true });
  await Promise.all([smtp.close(), graph.close(), tokens.close(), inside.close()]);
});

const content = Buffer.from("From: ERP <erp@sql.old.local>\r\nTo: someone@dest.example\r\n\r\nFrom: erp\r\n");
const send = (more: Partial<Parameters<typeof sendMessage>[0]> = {}): Promise<string> =>
  sendMessage({ port, content, from: "erp@sql.old.local", ...more });
const fieldsOf = (octets: Buffer | undefined): readonly string[] =>
  (octets?.toString().split("\r\n\r\n", 1)[0] ?? "")
    .split(/\r\n(?![ \t])/)
    .filter((line) => !line.startsWith("Received:"));

test("it leaves as a mailbox of the service, which logs on for it; replies go to who sent it", async () => {
  await send();
  await smtp.waitFor(1);
  const [message] = smtp.messages;
  expect(message).toMatchObject({ mailbox: "relay@contoso.com", reversePath: "relay@contoso.com" });
  expect(fieldsOf(message?.content)).toEqual([
    "From: ERP <relay@contoso.com>",
    "Reply-To: ERP <erp@sql.old.local>",
    "To: someone@dest.example",
  ]);
  expect(message?.content.toString().endsWith("\r\n\r\nFrom: erp\r\n")).toBe(true);
});

test("by Graph, and what is too large for it by SMTP", async () => {
  await send({ to: ["a@graph.example"] });
  await graph.waitFor(1);
  expect(graph.messages[0]).toMatchObject({ mailbox: "relay@contoso.com", deliveredTo: ["a@graph.example"] });
  expect(fieldsOf(graph.messages[0]?.content)).toContain("From: ERP <relay@contoso.com>");
  const large = withAttachment("large", 4_000_000);
  await send({ to: ["a@graph.example"], content: large });
  await smtp.waitFor(1);
  const got = smtp.messages[0]?.content ?? Buffer.alloc(0);
  expect(smtp.messages[0]).toMatchObject({ mailbox: "relay@contoso.com", reversePath: "relay@contoso.com" });
  const body = large.subarray(large.indexOf("\r\n\r\n"));
  expect(got.subarray(got.indexOf("\r\n\r\n")).equals(body)).toBe(true);
});

test("a failure is told to the address the application gave, by its own way", async () => {
  smtp.configure({ says: ({ at }) => (at === "rcpt" ? "550 5.1.1 no such user" : undefined) });
  await send();
  await inside.waitFor(1);
  const [report] = inside.messages;
  expect(report?.reversePath).toBe("");
  expect(report?.recipients.map(({ path }) => path)).toEqual(["erp@sql.old.local"]);
  expect(report?.content.toString()).toContain("From: ERP <erp@sql.old.local>");
  expect(smtp.messages).toHaveLength(0);
});

test("entries are changed while it runs, and hold from the next message on", async () => {
  await relay.client.call("newAddressRewriteEntry", {
    name: "Old domain",
    settings: {
      internalAddress: "*.old.local",
      externalAddress: "reports@contoso.com",
      keepReplyTo: false,
      sendConnectors: ["Microsoft 365"],
    },
  });
  await send();
  // Which the service refuses, and the application is told as whom it was tried.
  await inside.waitFor(1);
  const said = inside.messages[0]?.content.toString().replaceAll(/\r\n[ \t]*/g, " ");
  expect(said).toContain("(sender <reports@contoso.com>, logged on as relay@contoso.com)");
  await relay.client.call("removeAddressRewriteEntry", { name: "old DOMAIN" });
  const { entries } = await relay.client.call("listAddressRewriteEntries", {});
  expect(entries.map(({ name }) => name)).toEqual(["Everybody"]);
});

test("mail by other connectors leaves as it came", async () => {
  await send({ to: ["x@old.local"] });
  await inside.waitFor(1);
  expect(inside.messages[0]?.reversePath).toBe("erp@sql.old.local");
  expect(fieldsOf(inside.messages[0]?.content)[0]).toBe("From: ERP <erp@sql.old.local>");
});

test("Test-SendConnector tries it as the sender that mail would have", async () => {
  const tried = await relay.client.call("testSendConnector", {
    name: "Microsoft 365",
    from: "erp@sql.old.local",
    to: "someone@dest.example",
  });
  expect(tried).toMatchObject({ ok: true, from: "relay@contoso.com", to: "someone@dest.example" });
  expect(smtp.messages[0]).toMatchObject({ mailbox: "relay@contoso.com", reversePath: "relay@contoso.com" });
});
