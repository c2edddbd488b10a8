/** STARTTLS: RFC 3207; CVE-2011-0411 (plaintext injection). */
import { beforeAll, describe, expect, test } from "vitest";
import { connect } from "node:tls";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { hello, mail, message, playAll } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

async function greeted(port = relay.port): Promise<ScriptedClient> {
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  return client;
}

describe("STARTTLS", () => {
  test("is offered, and not again under TLS", async () => {
    const client = await greeted();
    expect((await client.command("EHLO c.example")).lines).toContain("STARTTLS");
    await client.startTls();
    expect((await client.command("EHLO c.example")).lines).not.toContain("STARTTLS");
    expect((await client.command("STARTTLS")).code).toBe(503);
    client.close();
  });

  test("REQUIRETLS is offered and taken under TLS only, and without a value", async () => {
    const client = await greeted();
    expect((await client.command("EHLO c.example")).lines).not.toContain("REQUIRETLS");
    expect((await client.command("MAIL FROM:<a@b.example> REQUIRETLS")).last).toMatch(/^555 5\.5\.4 /);
    await client.startTls();
    expect((await client.command("EHLO c.example")).lines).toContain("REQUIRETLS");
    expect((await client.command("MAIL FROM:<a@b.example> REQUIRETLS=1")).last).toMatch(/^501 5\.5\.4 /);
    expect((await client.command("MAIL FROM:<a@b.example> REQUIRETLS")).code).toBe(250);
    client.close();
  });

  test("a whole message under TLS is told in its trace header", async () => {
    const client = await greeted();
    await client.command("EHLO c.example");
    await client.startTls();
    for (const [send, reply] of [
      ["EHLO c.example", "250"],
      ["MAIL FROM:<a@b.example>", "250"],
      ["RCPT TO:<c@d.example>", "250"],
      ["DATA", "354"],
      ["a: b\r\n\r\nc\r\n.", "250 2.6.0"],
      ["QUIT", "221"],
    ] as const) {
      client.send(`${send}\r\n`);
      await client.expect(reply);
    }
    await client.closed();
  });

  test.each([
    ["RSA", "ECDHE-RSA-AES128-GCM-SHA256"],
    ["ECDSA", "ECDHE-ECDSA-AES128-GCM-SHA256"],
  ])("is open to a client that knows %s only", async (_kind, ciphers) => {
    const client = await greeted();
    await client.command("EHLO c.example");
    await client.startTls({ ciphers, maxVersion: "TLSv1.2" });
    expect((await client.command("EHLO c.example")).code).toBe(250);
    client.close();
  });

  test("forgets the hello", async () => {
    const client = await greeted();
    await client.command("EHLO c.example");
    await client.startTls();
    expect((await client.command("MAIL FROM:<a@b.example>")).last).toMatch(/^503 5.5.2 Send hello first/);
    client.close();
  });

  test("forgets the transaction", async () => {
    const client = await greeted();
    for (const line of ["EHLO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"])
      await client.command(line);
    await client.startTls();
    await client.command("EHLO c.example");
    expect((await client.command("DATA")).code).toBe(503);
    client.close();
  });

  test("forgets an authentication in the clear", async () => {
    const client = await greeted(relay.portOf("ClearAccounts"));
    await client.command("EHLO c.example");
    const plain = Buffer.from("\0app\0secret").toString("base64");
    expect((await client.command(`AUTH PLAIN ${plain}`)).code).toBe(235);
    await client.startTls();
    await client.command("EHLO c.example");
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(530);
    client.close();
  });

  test.each([
    ["a command", "MAIL FROM:<evil@b.example>\r\n"],
    ["several commands", "EHLO evil\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<c@d.example>\r\n"],
    ["RSET", "RSET\r\n"],
    ["half a command", "MAIL FROM:<ev"],
  ])("drops %s sent in the clear behind it", async (_, injected) => {
    const client = await greeted();
    await client.command("EHLO c.example");
    client.send(`STARTTLS\r\n${injected}`);
    await client.expect(220);
    await client.upgrade();
    const reply = await client.command("NOOP");
    expect(reply.last).toMatch(/^250 2.0.0 OK/);
    expect((await client.command("RCPT TO:<c@d.example>")).last).toMatch(/^503 5.5.2 Send hello/);
    expect(client.silent()).toBe(true);
    client.close();
  });

  test("garbage instead of a handshake ends the session, not the relay", async () => {
    const client = await greeted();
    await client.command("EHLO c.example");
    client.send("STARTTLS\r\n");
    await client.expect(220);
    client.send(Buffer.alloc(600, 0x41));
    await client.closed();
    (await greeted()).close();
  });

  test("a client that ended its sending before STARTTLS was answered is not waited for", async () => {
    const client = await greeted();
    client.send(
      "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\nSTARTTLS\r\n",
    );
    client.end();
    for (const code of [250, 250, 250, 354, 250, 220]) await client.expect(code);
    await client.closed(5_000);
  });

  test("a client that leaves in the handshake does no harm", async () => {
    for (let i = 0; i < 5; i++) {
      const client = await greeted();
      await client.command("EHLO c.example");
      client.send("STARTTLS\r\n");
      await client.expect(220);
      client.reset();
    }
    (await greeted()).close();
  });

  test("a TLS hello on the plain port ends or is refused, without harm", async () => {
    const socket = connect({ port: relay.port, host: "127.0.0.1", rejectUnauthorized: false });
    await new Promise<void>((resolve) => {
      socket.on("error", () => resolve());
      socket.on("secureConnect", () => resolve());
    });
    expect(socket.authorized).toBe(false);
    socket.destroy();
    (await greeted()).close();
  });

  test("TLS below 1.2 is refused", async () => {
    const client = await greeted();
    await client.command("EHLO c.example");
    client.send("STARTTLS\r\n");
    await client.expect(220);
    await expect(client.upgrade({ maxVersion: "TLSv1.1", minVersion: "TLSv1" })).rejects.toThrow();
    client.close();
  });

  test("TLS 1.2 and 1.3 are taken", async () => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const client = await greeted();
      await client.command("EHLO c.example");
      client.send("STARTTLS\r\n");
      await client.expect(220);
      await client.upgrade({ maxVersion: version, minVersion: version });
      expect((await client.command("EHLO c.example")).code).toBe(250);
      client.close();
    }
  });
});

playAll("STARTTLS out of place", () => relay.port, [
  ["before EHLO", [["STARTTLS", "503 5.5.2 Send hello first"]]],
]);
playAll("requireTls", () => relay.portOf("RequireTls"), [
  ["MAIL in the clear", [hello, ["MAIL FROM:<a@b.example>", "451 5.7.3 STARTTLS is required to send mail"]]],
]);
playAll("without Tls in authMechanism", () => relay.portOf("Plain"), [
  [
    "STARTTLS is not implemented",
    [
      ["EHLO c", "250"],
      ["STARTTLS", "502 "],
      ["MAIL FROM:<a@b.example>", "250 "],
    ],
  ],
]);
playAll("after HELO", () => relay.port, [
  ["mail goes on in the clear", [["HELO c", "250"], mail, ["RCPT TO:<c@d.example>", "250"], ...message]],
]);
