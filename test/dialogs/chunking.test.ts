/** BDAT: RFC 3030. */
import { beforeAll, expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { type Row, hello, mail, message, octets, playAll, quit, rcpt, transaction } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

const chunk = (content: string, last: boolean, ...replies: string[]): Row => [
  octets(`BDAT ${content.length}${last ? " LAST" : ""}\r\n${content}`),
  ...replies,
];
const binary: Row = ["MAIL FROM:<a@b.example> BODY=BINARYMIME", "250"];

playAll("chunks", () => relay.port, [
  ["one, the last", [...transaction, chunk("Subject: x\r\n\r\nbody\r\n", true, "250 2.6.0")]],
  [
    "several",
    [
      ...transaction,
      chunk("Subject: x\r\n", false, "250 2.6.0 CHUNK received OK, 12 octets"),
      chunk("\r\nbody\r\n", true, "250 2.6.0"),
    ],
  ],
  [
    "several and an empty last one",
    [...transaction, chunk("Subject: x\r\n\r\n", false, "250"), chunk("", true, "250 2.6.0")],
  ],
  ["only an empty last one", [...transaction, chunk("", true, "250 2.6.0")]],
  [
    "an empty one that is not the last",
    [...transaction, chunk("", false, "250 2.6.0 CHUNK received OK, 0 octets"), chunk("x\r\n", true, "250")],
  ],
  [
    "one octet each",
    [...transaction, chunk("x", false, "250"), chunk("\r", false, "250"), chunk("\n", true, "250 2.6.0")],
  ],
  [
    "a CRLF cut between chunks",
    [...transaction, chunk("a: b\r", false, "250"), chunk("\n\r\nc\r\n", true, "250 2.6.0")],
  ],
  [
    "content that looks like the end of data",
    [...transaction, chunk("a: b\r\n\r\n.\r\nQUIT\r\n", true, "250 2.6.0")],
  ],
  [
    "content that looks like commands",
    [...transaction, chunk("RSET\r\nQUIT\r\n", false, "250"), chunk("QUIT\r\n", true, "250 2.6.0")],
  ],
  ["content without a line end", [...transaction, chunk("a: b\r\n\r\nno end", true, "250 2.6.0")]],
  ["lower case", [...transaction, [octets("bdat 3 last\r\nx\r\n"), "250 2.6.0"]]],
  [
    "a message by BDAT and one by DATA",
    [...transaction, chunk("x\r\n", true, "250"), mail, rcpt, ...message, quit],
  ],
  [
    "RSET drops the chunks",
    [
      ...transaction,
      chunk("x: y\r\n", false, "250"),
      ["RSET", "250"],
      mail,
      rcpt,
      chunk("z\r\n", true, "250 2.6.0"),
    ],
  ],
  [
    "EHLO drops the chunks",
    [...transaction, chunk("x: y\r\n", false, "250"), hello, mail, rcpt, chunk("z\r\n", true, "250")],
  ],
  [
    "NOOP between chunks",
    [...transaction, chunk("x: y\r\n", false, "250"), ["NOOP", "250"], chunk("z\r\n", true, "250 2.6.0")],
  ],
]);

playAll("order", () => relay.port, [
  ["before EHLO, consumed", [[octets("BDAT 6\r\nQUIT\r\n"), "503 5.5.2"]]],
  ["before MAIL, consumed", [hello, [octets("BDAT 6\r\nQUIT\r\n"), "503 5.5.2 Need mail command"]]],
  ["before RCPT, consumed", [hello, mail, [octets("BDAT 6\r\nQUIT\r\n"), "554 5.5.1"]]],
  ["before RCPT with LAST, consumed", [hello, mail, [octets("BDAT 6 LAST\r\nQUIT\r\n"), "554 5.5.1"]]],
  ["after HELO", [["HELO c", "250"], mail, rcpt, chunk("x: y\r\n", true, "250")]],
  ["DATA behind a chunk", [...transaction, chunk("x: y\r\n", false, "250"), ["DATA", "503 5.5.2"]]],
  [
    "RCPT behind a chunk",
    [...transaction, chunk("x: y\r\n", false, "250"), ["RCPT TO:<e@f.example>", "503 5.5.2"]],
  ],
  [
    "MAIL behind a chunk",
    [...transaction, chunk("x: y\r\n", false, "250"), ["MAIL FROM:<e@f.example>", "503 5.5.2"]],
  ],
  [
    "all recipients refused, pipelined, consumed",
    [hello, mail, [octets("RCPT TO:<broken\r\nBDAT 6 LAST\r\nQUIT\r\n"), "501", "554 5.5.1"]],
  ],
]);

playAll(
  "syntax",
  () => relay.port,
  [
    ["no size", [...transaction, ["BDAT", "501 5.5.4"]]],
    ["no size but LAST", [...transaction, ["BDAT LAST", "501 5.5.4"]]],
    ["a negative size", [...transaction, ["BDAT -1", "501 5.5.4"]]],
    ["a hexadecimal size", [...transaction, ["BDAT 0x10", "501 5.5.4"]]],
    ["a size with a sign", [...transaction, ["BDAT +1", "501 5.5.4"]]],
    ["a fraction", [...transaction, ["BDAT 1.5", "501 5.5.4"]]],
    ["a size beyond 2^53", [...transaction, ["BDAT 99999999999999999999", "501 5.5.4"]]],
    ["a word that is not LAST", [...transaction, ["BDAT 1 FIRST", "501 5.5.4"]]],
    ["words behind LAST", [...transaction, ["BDAT 1 LAST x", "501 5.5.4"]]],
  ].map(([name, rows]) => [name as string, closing(rows as readonly Row[]), { ways: ["rows"] }]),
);

/** Behind a BDAT that cannot be read nobody knows where its octets end: the server must close. */
function closing(rows: readonly Row[]): readonly Row[] {
  return rows.map(([send, ...replies], index) =>
    index === rows.length - 1 ? [send, ...replies, "closed"] : [send, ...replies],
  );
}

playAll("BINARYMIME", () => relay.port, [
  [
    "octets of all values",
    [
      hello,
      binary,
      rcpt,
      [
        Buffer.concat([octets("BDAT 256 LAST\r\n"), Buffer.from(Array.from({ length: 256 }, (_, i) => i))]),
        "250 2.6.0",
      ],
    ],
  ],
  ["by DATA is refused", [hello, binary, rcpt, ["DATA", "503 5.5.2"], chunk("x", true, "250")]],
  ["NUL without BINARYMIME", [...transaction, chunk("a\0b\r\n", true, "550 5.6.0")]],
]);

playAll("size", () => relay.portOf("Small"), [
  [
    "a chunk as large as the limit",
    [...transaction, chunk(`a: b\r\n\r\n${"x".repeat(65526)}\r\n`, true, "250 2.6.0")],
    { ways: ["rows", "burst"] },
  ],
  [
    "a chunk above the limit",
    [...transaction, chunk("x".repeat(65537), true, "552 5.3.4")],
    { ways: ["rows", "burst"] },
  ],
  [
    "chunks that together are above the limit",
    [
      ...transaction,
      chunk(`a: b\r\n\r\n${"x".repeat(40000)}`, false, "250"),
      chunk("x".repeat(40000), true, "552 5.3.4"),
      mail,
      rcpt,
      chunk("ok\r\n", true, "250"),
    ],
    { ways: ["rows", "burst"] },
  ],
  [
    "chunks behind the one that was too large",
    [...transaction, chunk(`a: b\r\n\r\n${"x".repeat(70000)}`, false, "552"), chunk("QUIT\r\n", true, "503")],
    { ways: ["rows", "burst"] },
  ],
]);
playAll("huge counts", () => relay.portOf("Small"), [
  [
    "end the session once too much has come",
    [...transaction, ["BDAT 9007199254740991 LAST"], [octets("x".repeat(1_400_000)), "552 5.3.4", "closed"]],
    { ways: ["rows", "burst"] },
  ],
]);

test("a huge chunk without a transaction swallows what looks like commands", async () => {
  const client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  await client.command("EHLO client.example");
  client.send("BDAT 9007199254740991\r\nQUIT\r\nNOOP\r\n");
  await expect(client.reply(100)).rejects.toThrow("not within");
  client.close();
});
