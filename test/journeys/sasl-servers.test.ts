/** Weir logs on at submission servers of other people's making, by each mechanism it knows, and hands over mail. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { startTokenServer, type TokenServer } from "../../src/testing/token-server.ts";
import { plain } from "./mail-samples.ts";
import { missingSaslServer, type SaslPort, type SaslServers, startSaslServers } from "./sasl-servers.ts";
import { sendMessage } from "./send-message.ts";

const missing = missingSaslServer();
if (missing !== undefined) console.log(`skipped: log-on at Dovecot and Postfix: ${missing}`);

const user = "relay@contoso.test";
const password = 'pass "word" of=the & relay';
type Mechanism = "PLAIN" | "LOGIN" | "XOAUTH2" | "OAUTHBEARER";
const ways: readonly (readonly [SaslPort, Mechanism])[] = [
  ["dovecot", "PLAIN"],
  ["dovecot", "XOAUTH2"],
  ["dovecot", "OAUTHBEARER"],
  ["dovecotTls", "XOAUTH2"],
  ["postfix", "PLAIN"],
  ["postfixLogin", "LOGIN"],
  ["postfix", "XOAUTH2"],
  ["postfix", "OAUTHBEARER"],
  ["postfixTls", "OAUTHBEARER"],
];
const domainOf = (port: SaslPort, mechanism: Mechanism): string =>
  `${mechanism}.${port}.example`.toLowerCase();

/** Judges tokens (RFC 7662) by the endpoint that made them. */
const judge = { takes: true };
async function startIntrospection(tokens: TokenServer): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      const active = judge.takes && tokens.isGood(new URLSearchParams(body).get("token") ?? "");
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(active ? { active, username: user, scope: "smtp" } : { active }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe.skipIf(missing !== undefined)("log-on at Dovecot and Postfix", () => {
  let tokens: TokenServer;
  let introspection: Server;
  let sink: RecordingSink;
  let servers: SaslServers;
  let it: AdministeredRelay;
  let directory: string;
  let port: number;

  const connectorTo = (at: SaslPort, mechanism: Mechanism): string => `  - name: ${mechanism} ${at}
    addressSpaces: ["${domainOf(at, mechanism)}"]
    smartHosts: ["[127.0.0.1]:${servers.ports[at]}"]
    implicitTls: ${at.endsWith("Tls")}
    requireTls: true
    tlsAuthLevel: DomainValidation
    tlsDomain: mail.contoso.test
    tlsCaFile: ca.pem
    smtpMaxMessagesPerConnection: 1
    protocolLoggingLevel: Verbose
${
  mechanism === "PLAIN" || mechanism === "LOGIN"
    ? `    smartHostAuthMechanism: BasicAuthRequireTLS
    authenticationCredential: { userName: ${user}, passwordFile: password }
`
    : `    smartHostAuthMechanism: ${mechanism}
    oauth: { tokenEndpoint: "${tokens.url}/token", clientId: weir, clientSecretFile: secret, scope: smtp }
    senderMailboxes: { "*": ${user} }
`
}`;

  beforeAll(async () => {
    const tls = await testCertificate("mail.contoso.test");
    tokens = await startTokenServer();
    introspection = await startIntrospection(tokens);
    sink = await startRecordingSink();
    port = await freePort();
    servers = await startSaslServers({
      tls,
      userName: user,
      password,
      introspectionUrl: `http://127.0.0.1:${(introspection.address() as AddressInfo).port}/introspect`,
      nextHopPort: sink.port,
    });
    directory = await mkdtemp(join(tmpdir(), "weir-logon-"));
    const files = { "ca.pem": tls.cert, password, secret: "the secret of the client" };
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), `${text}\n`);
    it = await startAdministeredRelay(
      `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
sendConnectors:
${ways.map(([at, mechanism]) => connectorTo(at, mechanism)).join("")}`,
      { directory },
    );
  });
  afterAll(async () => {
    await it?.halt();
    await servers?.close();
    await sink?.close();
    introspection?.close();
    await tokens?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  const send = (to: string): Promise<string> =>
    sendMessage({ port, content: plain.content, from: "app@contoso.test", to: [to] });
  const arrived = (to: string): Buffer | undefined =>
    sink.messages.find(({ recipients }) => recipients.some(({ path }) => path === to))?.content;
  const body = (content: Buffer | undefined): string =>
    content?.subarray(content.indexOf("\r\n\r\n") + 4).toString("latin1") ?? "";

  test.each(ways)("%s by %s", async (at, mechanism) => {
    const to = `someone@${domainOf(at, mechanism)}`;
    const before = (await servers.logOns(at)).length;
    await send(to);
    await sink.until(() => arrived(to) !== undefined);
    expect(body(arrived(to))).toBe(body(plain.content));
    await expect
      .poll(async () => (await servers.logOns(at)).slice(before))
      .toContainEqual(expect.stringMatching(new RegExp(`^${mechanism} ${user}$`, "i")));
  });

  // Both take their time to refuse.
  test("a token that is not taken is replaced on a second connection", async () => {
    const before = (await servers.logOns("postfix")).length;
    tokens.revoke();
    const to = `replaced@${domainOf("postfix", "OAUTHBEARER")}`;
    await send(to);
    await sink.until(() => arrived(to) !== undefined);
    await expect
      .poll(async () => (await servers.logOns("postfix")).slice(before))
      .toEqual([`OAUTHBEARER ${user}`]);
  });

  test("while none is taken the mail waits, the challenge is read, and no password is tried", async () => {
    const before = (await servers.logOns("dovecot")).length;
    judge.takes = false;
    const to = `waits@${domainOf("dovecot", "XOAUTH2")}`;
    const queue = () => it.relay.queues().find(({ connector }) => connector === "XOAUTH2 dovecot");
    await send(to);
    await expect.poll(() => queue()?.putOff).toMatch(/waits until .* 535 .*"status":/);
    expect((await servers.logOns("dovecot")).slice(before)).toEqual([]);
    judge.takes = true;
    it.relay.retryNow();
    await sink.until(() => arrived(to) !== undefined);
    await expect
      .poll(async () => (await servers.logOns("dovecot")).slice(before))
      .toEqual([`XOAUTH2 ${user}`]);
    expect(sink.messages.filter(({ recipients }) => recipients[0]?.path === to)).toHaveLength(1);
    expect(it.events.filter(({ name }) => name === "DeliveryFailed")).toEqual([]);
  });
});
