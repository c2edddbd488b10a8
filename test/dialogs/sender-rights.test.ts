/** sendAs, receiveConnectors, messageRateLimit, recipientRateLimit of users and applications, as clients meet them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfigValue } from "../../src/config/parse-config.ts";
import { connectScriptedClient, type ScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";
import { passwordHash } from "./test-relay.ts";

const denied = "550 5.7.60 SMTP; Client does not have permissions to send as this sender";
const password = passwordHash("secret");

/** As the file would have it: patterns are read, not made here. */
const parsed = parseConfigValue(
  {
    hostname: "relay.test",
    receiveConnectors: [{ name: "Accounts", bindings: ["127.0.0.1:25"], remoteIpRanges: ["127.0.0.0/8"] }],
    users: [
      { name: "erp", password, sendAs: ["erp@contoso.com", "shop-*@contoso.com"] },
      { name: "free", password },
      { name: "elsewhere", password, receiveConnectors: ["submission"] },
      { name: "slow", password, messageRateLimit: 2 },
      { name: "few", password, recipientRateLimit: 3 },
    ],
    applications: [
      { name: "ERP", users: ["erp", "free"], sendAs: ["contoso.com"], messageRateLimit: 1000 },
      { name: "Scanner", addresses: ["127.0.0.9"], sendAs: ["scanner.example", "<>"] },
    ],
  },
  { file: "/weir.yaml" },
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));

let relay: TemporaryRelay;
beforeAll(async () => {
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({
        name: "Accounts",
        authMechanism: ["BasicAuth"],
        permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
        explainRefusals: true,
      }),
    ],
    users: parsed.settings.users,
    applications: parsed.settings.applications,
  });
});
afterAll(() => relay.stop());

async function logOn(user?: string, localAddress?: string): Promise<ScriptedClient> {
  const client = await connectScriptedClient({ port: relay.port, ...(localAddress && { localAddress }) });
  await client.expect(220);
  await client.command("EHLO c.example");
  if (user !== undefined) {
    const { code } = await client.command(
      `AUTH PLAIN ${Buffer.from(`\0${user}\0secret`).toString("base64")}`,
    );
    expect(code).toBe(235);
  }
  return client;
}

/** The reply to MAIL, or to the end of the data. */
async function send(client: ScriptedClient, from: string, header: string): Promise<string> {
  const mail = await client.command(`MAIL FROM:<${from}> SMTPUTF8`);
  if (mail.code !== 250) return mail.last;
  await client.command("RCPT TO:<a@b.example>");
  await client.command("DATA");
  return (await client.command(`${header}\r\n\r\ntext\r\n.`)).last;
}

test.each<[string, string | undefined, string, string, string]>([
  ["its own", "erp", "erp@contoso.com", "From: Shop <shop-1@contoso.com>", "250 2.6.0"],
  ["another reverse-path", "erp", "ceo@contoso.com", "From: erp@contoso.com", denied],
  ["another From", "erp", "erp@contoso.com", "From: ceo@contoso.com", denied],
  ["another Sender", "erp", "erp@contoso.com", "From: erp@contoso.com\r\nSender: ceo@contoso.com", denied],
  ["a second From", "erp", "erp@contoso.com", "From: erp@contoso.com\r\nFrom: ceo@contoso.com", denied],
  ["no From", "erp", "erp@contoso.com", "Subject: s", "250 2.6.0"],
  ["no header at all", "erp", "erp@contoso.com", "no field\r\nFrom: ceo@contoso.com", "250 2.6.0"],
  ["the null sender", "erp", "", "From: erp@contoso.com", denied],
  ["a domain that looks alike", "erp", "erp@c\u043entoso.com", "From: erp@contoso.com", denied],
  ["by its application", "free", "ceo@contoso.com", "From: x@contoso.com", "250 2.6.0"],
  ["not by its application", "free", "erp@other.example", "From: x@contoso.com", denied],
  ["an account without rights", "slow", "a@anywhere.example", "From: b@elsewhere.example", "250 2.6.0"],
  ["nobody in particular", undefined, "a@anywhere.example", "From: b@elsewhere.example", "250 2.6.0"],
])("sendAs: %s", async (_name, user, from, header, expected) => {
  const client = await logOn(user);
  expect(await send(client, from, header)).toContain(expected);
  client.close();
});

test("an application is limited by its address, and may say the null sender where it says so", async () => {
  const client = await logOn(undefined, "127.0.0.9");
  expect(await send(client, "a@scanner.example", "From: b@scanner.example")).toContain("250 2.6.0");
  expect(await send(client, "", "From: b@scanner.example")).toContain("250 2.6.0");
  expect(await send(client, "", "From: a@contoso.com")).toContain(denied);
  expect(await send(client, "a@contoso.com", "From: a@scanner.example")).toContain(denied);
  client.close();
});

test("who begins TLS or logs on as another has the rights of that one", async () => {
  const client = await logOn(undefined, "127.0.0.9");
  await client.command(`AUTH PLAIN ${Buffer.from("\0slow\0secret").toString("base64")}`);
  // The account is no account of an application, so its address says whose it is.
  expect(await send(client, "a@contoso.com", "From: a@contoso.com")).toContain(denied);
  client.close();
});

test("a refusal names what was wrong and whose rights they are, in reply, event and count", async () => {
  const client = await logOn("erp");
  const reply = await send(client, "erp@contoso.com", "From: The CEO <ceo@contoso.com>");
  expect(reply).toMatch(/From <ceo@contoso\.com> is not in the sendAs of the user erp, .*event 20060, ref /);
  const event = relay.events.findLast(({ name }) => name === "SendAsDenied");
  expect(event?.fields).toMatchObject({ user: "erp", sender: "erp@contoso.com", application: "ERP" });
  const unclear = await send(client, "erp@contoso.com", "From: Doe, Jane <erp@contoso.com>");
  expect(unclear).toMatch(/From cannot be read as addresses; a name with a comma/);
  client.close();
});

test("content that is not refused is kept octet for octet, content that is refused is not kept", async () => {
  const before = relay.relay.queued;
  const client = await logOn("erp");
  await send(client, "erp@contoso.com", "From: ceo@contoso.com");
  expect(relay.relay.queued).toBe(before);
  client.close();
});

test("binary content: a CR that some take for a new line hides no From", async () => {
  const client = await logOn("erp");
  await client.command("MAIL FROM:<erp@contoso.com> BODY=BINARYMIME");
  await client.command("RCPT TO:<a@b.example>");
  const content = "From: erp@contoso.com\r\nX: y\rFrom: ceo@contoso.com\r\n\r\ntext";
  client.send(`BDAT ${content.length} LAST\r\n${content}`);
  expect((await client.reply()).last).toContain(denied);
  client.close();
});

test("receiveConnectors: the right password at the wrong door", async () => {
  const client = await logOn();
  const { last } = await client.command(
    `AUTH PLAIN ${Buffer.from("\0elsewhere\0secret").toString("base64")}`,
  );
  expect(last).toMatch(/^535 5\.7\.3 .*receiveConnectors do not name this one/);
  client.close();
});

test("messageRateLimit counts an account over its connections, and leaves others alone", async () => {
  const first = await logOn("slow");
  const reply = await send(first, "a@b.example", "From: a@b.example");
  // One of the rows above has sent already.
  expect(reply).toContain("250 2.6.0");
  const second = await logOn("slow");
  expect(await send(second, "a@b.example", "From: a@b.example")).toMatch(
    /^421 4\.4\.2 .*messageRateLimit 2, of the user slow/,
  );
  const other = await logOn("free");
  expect(await send(other, "a@contoso.com", "From: a@contoso.com")).toContain("250 2.6.0");
  for (const client of [first, second, other]) client.close();
});

test("recipientRateLimit counts what was accepted, and refuses one recipient at a time", async () => {
  const client = await logOn("few");
  await client.command("MAIL FROM:<a@b.example>");
  for (let i = 0; i < 3; i++) expect((await client.command(`RCPT TO:<r${i}@b.example>`)).code).toBe(250);
  expect((await client.command("RCPT TO:<r4@b.example>")).last).toMatch(
    /^452 4\.5\.3 .*recipientRateLimit 3, of the user few/,
  );
  // Nothing was sent, so nothing is counted.
  await client.command("RSET");
  expect(await send(client, "a@b.example", "From: a@b.example")).toContain("250 2.6.0");
  expect(await send(client, "a@b.example", "From: a@b.example")).toContain("250 2.6.0");
  expect(relay.relay.recipientsLastDay({ kind: "user", name: "FEW" })).toBe(2);
  expect(await send(client, "a@b.example", "From: a@b.example")).toContain("250 2.6.0");
  await client.command("MAIL FROM:<a@b.example>");
  expect((await client.command("RCPT TO:<r@b.example>")).code).toBe(452);
  client.close();
});
