/**
 * Only CRLF.CRLF ends DATA (RFC 5321 §4.1.1.4); CVE-2023-51764 and its kin. Each look-alike stands in a message,
 * followed by what would be a second, smuggled transaction. One message must arrive, with all of it inside.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";

let sink: RecordingSink;
let relay: TemporaryRelay;
let accepted = 0;

beforeAll(async () => {
  // Without CHUNKING the relay has to stuff dots on its way out.
  sink = await startRecordingSink({ extensions: ["PIPELINING", "8BITMIME", "SMTPUTF8"] });
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ name: "Normalises" }),
      receiveConnector({ name: "RemovesNul", nulRemovalEnabled: true }),
      receiveConnector({
        name: "Refuses",
        bareLinefeedRejectionEnabled: true,
        bareCarriageReturnRejectionEnabled: true,
      }),
    ],
    sendConnectors: [smartHostConnector(sink.port)],
  });
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

const endOfData = "\r\n.\r\n";
const before = [
  "",
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "\r\r",
  "\n\r",
  "\r\n\r",
  "\0\n",
  "\r\0\n",
  "\r \n",
  "\r\n ",
  "\r\n\t",
  "\v",
  "\f",
  "\x1e",
  "\x85",
  "\r\n\x85",
  "\xe2\x80\xa8",
];
const after = ["\n", "\r", "\r\n", "\n\r\n", "\r\r\n", "\n\r", "\0\r\n", "\r\0\n", " \r\n", "\x85"];
const dots = ["..", ". .", ".\0", "\0.", "\xe3\x80\x82", "\xef\xbc\x8e", "\xc0\xae", "=2E", "&#46;"];

const lookAlikes: readonly string[] = [
  ...before.flatMap((b) => after.map((a) => `${b}.${a}`)),
  ...dots.flatMap((d) => ["\r\n", "\n"].map((end) => `${end}${d}${end}`)),
].filter((octets) => !`x${octets}MAIL`.includes(endOfData));

const visible = (octets: string): string => JSON.stringify(octets).slice(1, -1);
const smuggled =
  "MAIL FROM:<smuggled@evil.example>\r\nRCPT TO:<victim@dest.example>\r\nDATA\r\nSubject: second\r\n\r\nSECOND BODY";

/** Plays one; gives the reply to the content. Fails when anything behind the look-alike was run as a command. */
async function play(octets: string, sender: string, port: number, octetByOctet: boolean): Promise<string> {
  const client = await connectScriptedClient({ port });
  try {
    await client.expect(220);
    for (const line of [
      "EHLO c.example",
      `MAIL FROM:<${sender}> BODY=8BITMIME`,
      "RCPT TO:<r@dest.example>",
      "DATA",
    ])
      await client.command(line);
    const content = Buffer.from(`Subject: first\r\n\r\nx${octets}${smuggled}${endOfData}QUIT\r\n`, "latin1");
    if (octetByOctet) await client.sendOctetByOctet(content);
    else client.send(content);
    const verdict = (await client.reply()).last;
    await client.expect("221");
    expect((await client.closed()).length).toBe(0);
    return verdict;
  } finally {
    client.close();
  }
}

test("nulRemovalEnabled takes NULs out, and no dot behind one ends the data", async () => {
  const sender = "nul@app.example";
  const verdict = await play("\0\r\n\0.\r\n\0", sender, relay.portOf("RemovesNul"), false);
  expect(verdict).toMatch(/^250 2\.6\.0 /);
  accepted++;
  await sink.until(() => sink.messages.some((message) => message.reversePath === sender));
  const content = sink.messages.find((message) => message.reversePath === sender)?.content.toString("latin1");
  expect(content).toContain("x\r\n.\r\nMAIL FROM:<smuggled@evil.example>");
  expect(content).not.toContain("\0");
});

test("there are enough of them", () => {
  expect(lookAlikes.length).toBeGreaterThanOrEqual(150);
});

describe.each(["at once", "octet by octet"])("sent %s", (way) => {
  test.each(lookAlikes.map((octets, index) => [visible(octets), octets, index] as const))(
    "%s",
    async (_, octets, index) => {
      const sender = `n${index}-${way === "at once" ? "a" : "o"}@app.example`;
      const verdict = await play(octets, sender, relay.portOf("Normalises"), way !== "at once");
      if (octets.includes("\0")) {
        expect(verdict).toMatch(/^550 5\.6\.0 /);
        return;
      }
      expect(verdict).toMatch(/^250 2\.6\.0 /);
      accepted++;
      await sink.until(() => sink.messages.some((message) => message.reversePath === sender));
      const arrived = sink.messages.filter((message) => message.reversePath === sender);
      expect(arrived).toHaveLength(1);
      const text = arrived[0]?.content.toString("latin1") ?? "";
      expect(text).toContain("SECOND BODY");
      expect(text).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
    },
  );
});

describe("a connector that refuses bare line ends", () => {
  test.each(lookAlikes.map((octets, index) => [visible(octets), octets, index] as const))(
    "%s",
    async (_, octets, index) => {
      const verdict = await play(octets, `r${index}@app.example`, relay.portOf("Refuses"), false);
      const bare = /\r(?!\n)|(?<!\r)\n/.test(octets.replaceAll("\r\n", ""));
      if (bare) expect(verdict).toMatch(/^550 5\.6\./);
      if (verdict.startsWith("250")) accepted++;
    },
  );
});

describe("what ends the data, whatever stands around it", () => {
  test.each(["\r\n.\r\n", "\r\r\n.\r\n", "\n\r\n.\r\n", " \r\n.\r\n", "\r\n\r\n.\r\n", "\r\n..\r\n.\r\n"])(
    "%j",
    async (octets) => {
      const client = await connectScriptedClient({ port: relay.port });
      await client.expect(220);
      for (const line of [
        "EHLO c.example",
        "MAIL FROM:<end@app.example>",
        "RCPT TO:<r@dest.example>",
        "DATA",
      ])
        await client.command(line);
      client.send(`x${octets}NOOP\r\nQUIT\r\n`);
      await client.expect("250 2.6.0");
      await client.expect("250 2.0.0");
      await client.expect("221");
      await client.closed();
      accepted++;
    },
  );
});

test("as many messages arrived as were acknowledged, and none was smuggled", async () => {
  await sink.waitFor(accepted);
  await expect.poll(() => relay.relay.queues().reduce((sum, queue) => sum + queue.messages, 0)).toBe(0);
  expect(sink.messages).toHaveLength(accepted);
  expect(sink.commands.some((line) => line.includes("smuggled"))).toBe(false);
  expect(
    sink.messages.some((message) => message.recipients.some(({ path }) => path.startsWith("victim"))),
  ).toBe(false);
});
