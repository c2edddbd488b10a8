/**
 * No credential is left anywhere: a relay with every kind of it goes through what succeeds and what fails, with peers and an
 * authority that repeat what they were sent, everything logged; then all that is left behind is searched.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { main } from "../../src/cli/main.ts";
import { categories } from "../../src/events/catalogue.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../src/testing/microsoft-smtp.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type ScriptedServer, startScriptedServer } from "../../src/testing/scripted-server.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { startTokenServer, type TokenServer } from "../../src/testing/token-server.ts";
import { plain } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

const clientSecret = "Q8~verySecretValue.of-the_application&more";
const smartHostPassword = "Smart/Host+Pass=word&one";
const userPassword = "User-Password-of-Erp-77";
const wrongPassword = "Nearly-the-Password-78";

let tokens: TokenServer;
let smtp: SubmissionServer;
let echo: ScriptedServer;
let it: AdministeredRelay;
let directory: string;
let client: { key: string; cert: string };
let port: number;
const left: string[] = [];
const written: string[] = [];

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
  const tls = await testCertificate("smtp.office365.test");
  client = await testCertificate("application", "RSA");
  tokens = await startTokenServer({ claims: { aud: "https://outlook.office365.com" } });
  smtp = await startMicrosoftSmtp({ tls, isGood: (token) => tokens.isGood(token) });
  // Takes no password, and says which one.
  echo = await startScriptedServer(async (peer) => {
    peer.send("220 echo.test\r\n");
    for (;;) {
      const line = await peer.line();
      if (line.startsWith("EHLO")) peer.send("250-echo.test\r\n250 AUTH PLAIN LOGIN\r\n");
      else {
        const decoded = Buffer.from(line.split(" ").at(-1) ?? "", "base64").toString("utf8");
        peer.send(`535 5.7.8 not ${line} that is ${decoded.replace(/[^\x20-\x7e]/g, " ")}\r\n`);
      }
    }
  });
  port = await freePort();
  directory = await mkdtemp(join(tmpdir(), "weir-secrets-"));
  const files = {
    "m365.secret": clientSecret,
    "smart.secret": smartHostPassword,
    "app.pem": client.cert,
    "app.key": client.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), `${text}\n`);
  it = await startAdministeredRelay(
    `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    authMechanism: [Tls, BasicAuth]
    permissionGroups: [AnonymousUsers, ExchangeUsers]
    anonymousRelay: true
    tarpitInterval: 0s
    authTarpitInterval: 0s
    protocolLoggingLevel: Verbose
sendConnectors:
  - name: Secret
    addressSpaces: ["secret.example"]
    preset: microsoft365
    oauth: { tenant: contoso, clientId: c1, clientSecretFile: m365.secret, authority: "${tokens.url}" }
    senderMailboxes: { "*": "relay@contoso.com" }
    smartHosts: ["[127.0.0.1]:${smtp.port}"]
    tlsAuthLevel: EncryptionOnly
    protocolLoggingLevel: Verbose
  - name: Certificate
    addressSpaces: ["certificate.example"]
    preset: microsoft365
    oauth: { tenant: contoso, clientId: c2, certificateFile: app.pem, keyFile: app.key, authority: "${tokens.url}" }
    senderMailboxes: { "*": "relay@contoso.com" }
    smartHosts: ["[127.0.0.1]:${smtp.port}"]
    tlsAuthLevel: EncryptionOnly
    tlsCertificateFile: app.pem
    tlsKeyFile: app.key
    protocolLoggingLevel: Verbose
  - name: Password
    addressSpaces: ["password.example"]
    smartHosts: ["[127.0.0.1]:${echo.port}"]
    smartHostAuthMechanism: BasicAuth
    authenticationCredential: { userName: relay, passwordFile: smart.secret }
    protocolLoggingLevel: Verbose
diagnostics:
  levels: { ${categories.map((category) => `${category}: Expert`).join(", ")} }
`,
    { directory },
  );
});
afterAll(async () => {
  vi.restoreAllMocks();
  await smtp?.close();
  await tokens?.close();
  await echo?.close();
  await rm(directory, { recursive: true, force: true });
});

const send = (to: string): Promise<string> =>
  sendMessage({ port, content: plain.content, from: "app@contoso.com", to: [to] });

async function weir(...words: string[]): Promise<void> {
  const output = recordingOutput();
  await main([...words, "--config", it.file], output);
  left.push(output.out(), output.complaints());
}

/** As a client with the user's password, and with a wrong one. */
async function logOn(password: string): Promise<void> {
  const session = await connectScriptedClient({ port });
  await session.expect(220);
  await session.command("EHLO app.example");
  await session.startTls();
  await session.command("EHLO app.example");
  left.push(
    (await session.command(`AUTH PLAIN ${Buffer.from(`\0erp\0${password}`).toString("base64")}`)).last,
  );
  session.close();
}

/** The answer of every operation that only reads, with names for those that want one. */
async function everyAnswer(): Promise<string> {
  const names: readonly string[] = ["AppRelay", "Secret", "Certificate", "Password", "erp", "127.0.0.1"];
  const answers: unknown[] = [];
  const api = it.client as { call(name: string, input: object): Promise<unknown> };
  for (const [name, route] of Object.entries(routes)) {
    if (route.method !== "GET" || "stream" in route || "octets" in route) continue;
    const parameter = /\{(\w+)\}/.exec(route.path)?.[1];
    for (const value of parameter === undefined ? [""] : names) {
      const input = parameter === undefined ? {} : { [parameter]: value };
      answers.push(await api.call(name, input).catch((error: unknown) => String(error)));
    }
  }
  return JSON.stringify(answers);
}

async function everyFile(): Promise<string> {
  const texts: string[] = [];
  for (const entry of await readdir(it.dataDirectory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) texts.push((await readFile(join(entry.parentPath, entry.name))).toString("latin1"));
  return texts.join("\n");
}

test("by nothing that succeeds or fails", async () => {
  const api = it.client;
  await api.call("newUser", { name: "erp", password: userPassword });
  const key = await api.call("newDkimKey", { domain: "contoso.com" });
  await api.call("setDkimKey", { name: key.name, state: "active" });
  const dkimKey = await readFile(key.keyFile, "utf8");
  const admin = await api.call("newAdminToken", { name: "laptop", role: "viewer" });
  await logOn(userPassword);
  await logOn(wrongPassword);

  // What succeeds.
  await send("someone@secret.example");
  await send("someone@certificate.example");
  await smtp.waitFor(2);
  await weir("Test-SendConnector", "Secret", "-To", "you@secret.example");
  await weir("Test-SendConnector", "Certificate");

  // A log-on that is refused by a server that repeats what it was sent.
  smtp.configure({
    errorChallenge: '{"status":"401","schemes":"bearer"}',
    says: ({ at, line }) =>
      at === "auth"
        ? `535 5.7.3 cannot read ${Buffer.from(line).toString("base64").slice(0, 400)}`
        : undefined,
  });
  tokens.revoke();
  await weir("Test-SendConnector", "Secret");
  await weir("Test-SendConnector", "Certificate", "-Json");
  await weir("Test-SendConnector", "Password");
  await send("someone@password.example");
  await expect.poll(() => it.relay.queues().some(({ lastError }) => lastError !== undefined)).toBe(true);

  // An authority that repeats the request. What comes in now has to fetch a token.
  tokens.configure({
    answer: ({ form }) => ({
      status: 401,
      body: {
        error: "invalid_client",
        error_description: `AADSTS7000215: ${new URLSearchParams(form).toString()} ${JSON.stringify(form)}`,
      },
    }),
  });
  await weir("Test-SendConnector", "Secret", "-Json");
  await weir("Test-SendConnector", "Certificate");
  await it.configuration.edit(
    { kind: "set", section: "sendConnectors", name: "Secret", settings: { comment: "changed" } },
    false,
  );
  await send("other@secret.example");

  for (const command of [
    "Get-SendConnector",
    "Get-Queue",
    "Get-EventLog",
    "Get-User",
    "Get-DkimKey",
    "status",
  ])
    await weir(command, "-Json");
  left.push(await everyAnswer(), JSON.stringify(await it.relay.exposition()), JSON.stringify(it.events));
  await it.halt();
  const files = await everyFile();
  const all = [...left, ...written, files].join("\n");

  // All of it happened, or the search would mean nothing.
  expect(all).toContain("AUTH XOAUTH2");
  expect(all).toContain("AUTH PLAIN ****");
  expect(all).toContain("AADSTS7000215");
  expect(all).toContain("535 5.7.3 cannot read ");
  expect(all).toContain("535 5.7.8 not AUTH");

  const assertions = tokens.requests.flatMap(({ form }) => form["client_assertion"] ?? []);
  const lineOf = (pem: string): string => pem.split("\n")[1] ?? "";
  const secrets: Readonly<Record<string, readonly string[]>> = {
    "client secret": [clientSecret],
    "smart host's password": [smartHostPassword],
    "user's password": [userPassword, wrongPassword],
    tokens: tokens.issued.map((token) => token.split(".")[1] ?? "").map((payload) => payload.slice(-200)),
    assertions: assertions.map((assertion) => assertion.slice(-200)),
    "private keys": [lineOf(client.key), lineOf(dkimKey)],
    "admin token": [admin.token],
    "lines of AUTH": [
      ...smtp.lines.filter((line) => line.length > 500).map((line) => line.slice(-200)),
      Buffer.from(`\0relay\0${smartHostPassword}`).toString("base64"),
      Buffer.from(`\0erp\0${userPassword}`).toString("base64"),
      Buffer.from(`\0erp\0${wrongPassword}`).toString("base64"),
    ],
  };
  for (const [what, texts] of Object.entries(secrets)) {
    expect(texts.length, what).toBeGreaterThan(0);
    for (const text of texts) {
      expect(text.length, what).toBeGreaterThan(15);
      for (const form of [
        text,
        encodeURIComponent(text),
        new URLSearchParams([["", text]]).toString().slice(1),
        Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1),
      ]) {
        const at = all.indexOf(form);
        expect(at === -1 ? "" : `${what}: ${all.slice(Math.max(0, at - 200), at + 40)}`).toBe("");
      }
    }
  }
});
