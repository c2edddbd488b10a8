/** Clients that mean harm: TLS that ends inside a chunk, lines without an end, floods of nothing; and mail at rest. */
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join, relative } from "node:path";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { connectScriptedClient, type ScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";

let relay: TemporaryRelay;
beforeAll(async () => {
  // Nobody is there: what is accepted stays.
  relay = await startTemporaryRelay({
    receiveConnectors: [receiveConnector({ name: "AppRelay", maxProtocolErrors: 5 })],
    sendConnectors: [smartHostConnector(await freePort())],
  });
});
afterAll(() => relay.stop());

async function greeted(): Promise<ScriptedClient> {
  const client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  return client;
}

/** Resolves with all that came, when the last of it matches or the relay has closed. */
function heard(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (octets: Buffer) => {
      text += octets.toString("latin1");
      if (pattern.test(text)) resolve(text);
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
}

// Exim's CVE-2026-45185: the rest of a chunk was read from the connection under TLS.
test("TLS that is closed inside a chunk takes no octet of the clear text behind it", async () => {
  const raw = connect(relay.port, "127.0.0.1");
  await heard(raw, /^220 .*\r\n$/);
  raw.write("EHLO c.example\r\nSTARTTLS\r\n");
  await heard(raw, /^220 .*\r\n$/m);
  raw.removeAllListeners("data");
  // Ends with close_notify, and leaves the connection open.
  const below = new Duplex({
    read: () => undefined,
    write: (octets: Buffer, _, done) => raw.write(octets, done),
    final: (done) => done(),
  });
  raw.on("data", (octets) => below.push(octets)).on("close", () => below.destroy());
  const secure = connectTls({ socket: below, rejectUnauthorized: false });
  secure.write("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
  expect(await heard(secure, /^250 2\.1\.5 .*\r\n$/m)).toContain("250 2.1.5");
  secure.write("BDAT 60 LAST\r\nSubject: x\r\n");
  await new Promise<void>((resolve) => secure.end(() => resolve()));
  const answers: Buffer[] = [];
  raw.on("data", (octets) => answers.push(octets));
  const closed = once(raw, "close");
  expect(raw.writable).toBe(true);
  raw.write(`${"x".repeat(60)}\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<c@d.example>\r\nQUIT\r\n`);
  await closed;
  expect(Buffer.concat(answers).toString("latin1")).not.toMatch(/^\d\d\d/m);
  expect(relay.relay.queued).toBe(0);
  (await greeted()).close();
});

test.each([
  ["without an end of line", "MAIL FROM:<a@b.example> ".repeat(45_000)],
  ["of bare line feeds", "\n".repeat(1_000_000)],
  ["of bare carriage returns", "\r".repeat(1_000_000)],
])("a megabyte %s is one mistake, and nothing of it a command", async (_, octets) => {
  const client = await greeted();
  client.send(`${octets}\r\nNOOP\r\n`);
  await client.expect("500 ");
  await client.expect(250);
  expect(client.silent()).toBe(true);
  client.close();
});

test.each([
  ["a million empty lines", "\r\n".repeat(1_000_000)],
  ["lines of NUL", "\0\r\n".repeat(100_000)],
])("%s end the session after maxProtocolErrors, not the relay", async (_, octets) => {
  const client = await greeted();
  client.send(octets);
  const text = (await client.closed()).toString("latin1");
  expect(text.split("\r\n").length).toBeLessThan(10);
  (await greeted()).close();
});

test("mail at rest is its user's alone", async () => {
  const client = await greeted();
  for (const size of [100, 300_000]) {
    await client.command("EHLO c.example");
    await client.command("MAIL FROM:<a@b.example>");
    await client.command("RCPT TO:<c@d.example>");
    await client.command("DATA");
    client.send(`Subject: x\r\n\r\n${`${"x".repeat(98)}\r\n`.repeat(size / 100)}.\r\n`);
    await client.expect(250);
  }
  client.close();
  const open: string[] = [];
  const entries = await readdir(relay.dataDirectory, { recursive: true, withFileTypes: true });
  expect(entries.length).toBeGreaterThan(3);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!relative(relay.dataDirectory, path).startsWith("spool")) continue;
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) open.push(`${path} ${mode.toString(8)}`);
  }
  expect(open).toEqual([]);
});
