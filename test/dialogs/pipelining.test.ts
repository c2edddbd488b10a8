/** PIPELINING: RFC 2920. Replies in order, none lost, whatever the packets' borders. */
import { beforeAll, describe, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { hello, mail, message, octets, playAll, quit, rcpt, startData } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

playAll("pipelines", () => relay.port, [
  [
    "a hundred recipients",
    [
      hello,
      mail,
      ...Array.from({ length: 100 }, (_, i) => [`RCPT TO:<r${i}@dest.example>`, "250"] as const),
      ...message,
      quit,
    ],
  ],
  [
    "good and bad recipients keep their order",
    [
      hello,
      mail,
      ["RCPT TO:<a@b.example>", "250"],
      ["RCPT TO:<broken", "501"],
      ["RCPT TO:<c@d.example>", "250"],
      ["RCPT TO:broken>", "501"],
      ...message,
    ],
  ],
  [
    "DATA behind refused recipients only",
    [hello, mail, ["RCPT TO:<broken", "501"], ["DATA", "554 5.5.1"], ["RSET", "250"], mail, rcpt, ...message],
  ],
  [
    "DATA behind a refused sender",
    [
      hello,
      ["MAIL FROM:<broken", "501"],
      ["RCPT TO:<a@b.example>", "503"],
      ["DATA", "503"],
      mail,
      rcpt,
      ...message,
    ],
  ],
  ["ten messages", [hello, ...Array.from({ length: 10 }, () => [mail, rcpt, ...message]).flat(), quit]],
  [
    "content and the next transaction in one packet",
    [
      hello,
      mail,
      rcpt,
      startData,
      [
        octets("x\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\ny\r\n.\r\nQUIT\r\n"),
        "250 2.6.0",
        "250 2.1.0",
        "250 2.1.5",
        "354",
        "250 2.6.0",
        "221",
        "closed",
      ],
    ],
  ],
  [
    "nothing behind QUIT is run",
    [hello, [octets("QUIT\r\nMAIL FROM:<a@b.example>\r\nNOOP\r\n"), "221", "closed"]],
  ],
]);

const stream = Buffer.concat([
  octets(
    "EHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<broken\r\nDATA\r\n",
  ),
  octets("a: b\r\n\r\n..\r\n...\r\nx\r\n.\r\n"),
  octets("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 5\r\na: b\r"),
  octets("BDAT 9 LAST\r\n\n\r\nx\r\n.\r\nRSET\r\nQUIT\r\n"),
]);
const expected = [
  "250",
  "250",
  "250",
  "501",
  "354",
  "250 2.6.0",
  "250",
  "250",
  "250 2.6.0 CHUNK",
  "250 2.6.0",
  "250 2.0.0",
  "221",
];

describe("one stream cut in two at every octet", () => {
  test.each([
    [0, 4],
    [1, 4],
    [2, 4],
    [3, 4],
  ])("part %i of %i", async (part, parts) => {
    for (let cut = 1 + part; cut < stream.length; cut += parts) {
      const client = await connectScriptedClient({ port: relay.port });
      client.send(stream.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(stream.subarray(cut));
      await client.expect(220);
      for (const reply of expected) await client.expect(reply);
      await client.closed();
    }
  });
});

test.each([2, 3, 5, 7, 11, 64])("the same stream in pieces of %i", async (size) => {
  const client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  for (let at = 0; at < stream.length; at += size) {
    client.send(stream.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const reply of expected) await client.expect(reply);
  await client.closed();
});

test("a client that does not read gets all its replies in the end", async () => {
  const client = await connectScriptedClient({ port: relay.portOf("Patient") });
  const count = 20_000;
  client.send("NOOP\r\n".repeat(count));
  await client.expect(220);
  for (let i = 0; i < count; i++) await client.expect(250);
  client.close();
});
