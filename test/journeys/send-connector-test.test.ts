/** Test-SendConnector as an administrator types it, and as the API answers. */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../src/testing/microsoft-smtp.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { startTokenServer, type TokenServer } from "../../src/testing/token-server.ts";

let tokens: TokenServer;
let smtp: SubmissionServer;
let relay: AdministeredRelay;
beforeAll(async () => {
  process.env["WEIR_TEST_SECRET"] = "a-secret-of-the-environment";
  tokens = await startTokenServer({ claims: { aud: "https://outlook.office365.com" } });
  const tls = await testCertificate("smtp.office365.test");
  smtp = await startMicrosoftSmtp({ tls, isGood: (token) => tokens.isGood(token) });
  relay = await startAdministeredRelay(`receiveConnectors: []
sendConnectors:
  - name: Microsoft 365
    addressSpaces: ["*"]
    preset: microsoft365
    oauth:
      tenant: contoso.onmicrosoft.com
      clientId: 11111111-2222-3333-4444-555555555555
      clientSecretEnv: WEIR_TEST_SECRET
      authority: ${tokens.url}
    senderMailboxes: { "noreply@contoso.com": "relay@contoso.com" }
    smartHosts: ["[127.0.0.1]:${smtp.port}"]
    tlsAuthLevel: EncryptionOnly
  - name: Drop
    addressSpaces: ["drop.example"]
    dropDirectory: drop
`);
});
afterAll(async () => {
  delete process.env["WEIR_TEST_SECRET"];
  await relay.stop();
  await smtp.close();
  await tokens.close();
});

async function weir(...words: string[]) {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints() };
}

it("tells each step, and that it works", async () => {
  const { code, out } = await weir("Test-SendConnector", "microsoft 365");
  expect(out).toMatch(/^EndPoint +Step +Outcome +Time +Details/);
  for (const step of [
    "Token",
    "Name resolution",
    "Connect",
    "Greeting",
    "EHLO",
    "STARTTLS",
    "TLS",
    "AUTH",
    "MAIL",
    "RCPT",
    "RSET",
  ])
    expect(out).toMatch(new RegExp(`^\\S+ +${step} +ok +\\d+ ms`, "m"));
  expect(out).toContain("aud: https://outlook.office365.com");
  expect(out).toContain("It works (sender noreply@contoso.com; nothing was sent).");
  expect(code).toBe(0);
  expect(smtp.messages).toHaveLength(0);
});

it("sends a message with -To, as the mailbox of -From", async () => {
  const { code, out } = await weir(
    "Test-SendConnector",
    "Microsoft 365",
    "-From",
    "noreply@contoso.com",
    "-To",
    "you@contoso.com",
  );
  expect(out).toMatch(/Message +ok +\d+ ms +.*250 2\.0\.0 OK/);
  expect(out).toContain("a message was sent to you@contoso.com");
  expect(code).toBe(0);
  expect(smtp.messages).toMatchObject([{ mailbox: "relay@contoso.com", reversePath: "noreply@contoso.com" }]);
});

it("ends with 1 and says what to do where a step fails, a grant's two hours among it", async () => {
  smtp.configure({ isGood: () => false });
  const { code, out } = await weir("Test-SendConnector", "Microsoft 365");
  smtp.configure({ isGood: (token) => tokens.isGood(token) });
  expect(code).toBe(1);
  expect(out).toMatch(/AUTH +failed .*535 5\.7\.3/);
  expect(out).toMatch(
    /What to do\n[^]*up to two hours to count, and the configuration was changed \d+ minutes ago/,
  );
  expect(out).toContain("It does not work");
});

it("writes to a drop directory and takes it back", async () => {
  expect(await weir("Test-SendConnector", "Drop")).toMatchObject({ code: 0 });
  await relay.configuration.edit(
    { kind: "set", section: "sendConnectors", name: "Drop", settings: { dropDirectory: "occupied" } },
    false,
  );
  await writeFile(join(dirname(relay.file), "occupied"), "");
  await writeFile(join(relay.dataDirectory, "occupied"), "");
  const { code, out } = await weir("Test-SendConnector", "Drop", "-Json");
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    to: null,
    steps: [{ step: "dropDirectory", outcome: "failed" }],
  });
});

it("refuses what cannot be tested, with a sentence", async () => {
  expect((await weir("Test-SendConnector", "Nope")).complaints).toContain("there is no send connector Nope");
  expect((await weir("Test-SendConnector", "Drop", "-To", "a@b.example")).complaints).toContain(
    "writes files",
  );
  expect((await weir("Test-SendConnector", "Microsoft 365", "-To", "a b>")).complaints).toContain(
    "is no address",
  );
  await expect(
    relay.client.call("testSendConnector", { name: "Microsoft 365", from: "x@y.example>\r\nRSET" }),
  ).rejects.toThrow("is no address");
});
