/** Limits of a connector: sizes, counts, line lengths, errors. Exchange: Set-ReceiveConnector; RFC 5321 §4.5.3. */
import { beforeAll } from "vitest";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import {
  type Dialog,
  type Row,
  hello,
  mail,
  message,
  octets,
  playAll,
  quit,
  rcpt,
  startData,
  transaction,
} from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

const quick = { ways: ["rows", "burst"] } as const;
const content = (text: string, ...replies: string[]): Row => [octets(`${text}\r\n.\r\n`), ...replies];
const hops = (count: number): string =>
  "Received: from a by b; Thu, 15 Jan 2026 09:00:00 +0000\r\n".repeat(count);
const line = (octetsInAll: number, start: string): string => start.padEnd(octetsInAll - 2, "x");

playAll("command lines", () => relay.port, [
  ["512 octets", [[line(512, "NOOP "), "250"]], quick],
  [
    "2,000 octets of known extensions",
    [hello, [`MAIL FROM:<a@b.example> SIZE=1${" ".repeat(1900)}BODY=8BITMIME`, "250"]],
    quick,
  ],
  ["64 KB are refused, the next line is run", [[line(65536, "NOOP "), "500 5.5.6"], hello], quick],
  ["64 KB as a verb", [["x".repeat(65536), "500 5.5.6"]], quick],
  [
    "a megabyte without a line end, then a good line",
    [[octets("x".repeat(1_000_000)), "500 5.5.6"], [octets("\r\n")], hello],
    quick,
  ],
  [
    "a long line holds no command behind a bare LF",
    [[octets(`${"x".repeat(70_000)}\nQUIT\r\n`), "500"]],
    quick,
  ],
]);

playAll("maxMessageSize 64 KB", () => relay.portOf("Small"), [
  ["SIZE at the limit", [hello, ["MAIL FROM:<a@b.example> SIZE=65536", "250"]]],
  [
    "SIZE above the limit",
    [
      hello,
      ["MAIL FROM:<a@b.example> SIZE=65537", "552 5.3.4 Message size exceeds fixed maximum message size"],
      mail,
    ],
  ],
  [
    "content at the limit",
    [...transaction, startData, content(`a: b\r\n\r\n${"x".repeat(65526)}`, "250 2.6.0")],
    quick,
  ],
  [
    "content one octet above the limit",
    [
      ...transaction,
      startData,
      content(`a: b\r\n\r\n${"x".repeat(65527)}`, "552 5.3.4"),
      mail,
      rcpt,
      ...message,
    ],
    quick,
  ],
  [
    "content in many lines above the limit",
    [
      ...transaction,
      startData,
      content(`a: b\r\n\r\n${"line\r\n".repeat(20_000)}`, "552 5.3.4"),
      ["DATA", "503"],
    ],
    quick,
  ],
  [
    "stuffed dots do not count",
    [...transaction, startData, content(`a: b\r\n\r\n${"..\r\n".repeat(21_840)}`, "250 2.6.0")],
    quick,
  ],
  [
    "content far above the limit ends the session",
    [...transaction, startData, [octets(`a: b\r\n\r\n${"line\r\n".repeat(250_000)}`), "552 5.3.4", "closed"]],
    { ways: ["rows"] },
  ],
  ["EHLO tells the limit", [["EHLO c.example", "250"]]],
]);

playAll("maxHeaderSize 4 KB", () => relay.portOf("ShortHeader"), [
  [
    "below",
    [...transaction, startData, content(`Subject: ${"x".repeat(3500)}\r\n\r\nbody`, "250 2.6.0")],
    quick,
  ],
  [
    "a header without end closes",
    [
      ...transaction,
      startData,
      [octets(`X-Long: ${"x".repeat(20_000)}\r\n`), "552 5.3.4 Header size", "closed"],
    ],
    { ways: ["rows"] },
  ],
  [
    "many fields close",
    [...transaction, startData, [octets("X: y\r\n".repeat(5_000)), "552 5.3.4 Header size", "closed"]],
    { ways: ["rows"] },
  ],
  [
    "a body of any size is no header",
    [...transaction, startData, content(`Subject: x\r\n\r\n${"y: z\r\n".repeat(5_000)}`, "250 2.6.0")],
    quick,
  ],
]);

playAll("maxHopCount 5", () => relay.portOf("FewHops"), [
  ["at the limit", [...transaction, startData, content(`${hops(5)}\r\nbody`, "250 2.6.0")]],
  [
    "above the limit",
    [
      ...transaction,
      startData,
      content(`${hops(6)}\r\nbody`, "554 5.4.6 Hop count exceeded - possible mail loop"),
      mail,
    ],
    quick,
  ],
  [
    "Received in the body does not count",
    [...transaction, startData, content(`Subject: x\r\n\r\n${hops(20)}`, "250 2.6.0")],
    quick,
  ],
  [
    "in any case",
    [...transaction, startData, content(`${hops(6).toLowerCase()}\r\nbody`, "554 5.4.6")],
    quick,
  ],
  [
    "folded fields count once",
    [
      ...transaction,
      startData,
      content(`${"Received: from a\r\n\tby b;\r\n x\r\n".repeat(5)}\r\nbody`, "250 2.6.0"),
    ],
    quick,
  ],
  [
    "Received-SPF is another field",
    [...transaction, startData, content(`${"Received-SPF: pass\r\n".repeat(10)}\r\nbody`, "250 2.6.0")],
    quick,
  ],
  [
    "by BDAT",
    [...transaction, [octets(`BDAT ${hops(6).length + 2} LAST\r\n${hops(6)}\r\n`), "554 5.4.6"]],
    quick,
  ],
]);

const threeRecipients: readonly Row[] = ["1", "2", "3"].map((n): Row => [
  `RCPT TO:<r${n}@dest.example>`,
  "250 2.1.5",
]);
playAll("maxRecipientsPerMessage 3", () => relay.portOf("FewRecipients"), [
  ["at the limit", [hello, mail, ...threeRecipients, ...message]],
  [
    "above the limit, the others go on",
    [
      hello,
      mail,
      ...threeRecipients,
      ["RCPT TO:<r4@dest.example>", "452 4.5.3 Too many recipients"],
      ["RCPT TO:<r5@dest.example>", "452 4.5.3"],
      ...message,
    ],
  ],
  [
    "each transaction counts anew",
    [hello, mail, ...threeRecipients, ["RSET", "250"], mail, ...threeRecipients, ...message],
  ],
  [
    "refused recipients do not count",
    [hello, mail, ["RCPT TO:<broken", "501"], ["RCPT TO:<broken", "501"], ...threeRecipients, ...message],
  ],
]);

const errors = (count: number): Row[] => Array.from({ length: count }, (): Row => ["FOO", "500"]);
const tooMany = "421 4.7.0 Too many errors on this connection, closing transmission channel";
playAll("maxProtocolErrors 5", () => relay.port, [
  ["five errors are borne", [...errors(5), hello, mail, rcpt, ...message, quit]],
  ["the sixth closes", [...errors(5), ["FOO", tooMany, "closed"]], { ways: ["rows", "octets"] }],
  [
    "of any kind",
    [
      ["MAIL FROM:<a@b.example>", "503"],
      ["DATA x", "501"],
      hello,
      ["MAIL FROM:", "501"],
      ["RCPT TO:<a@b.example>", "503"],
      ["MAIL FROM:<a@b.example> X=1", "555"],
      ["NOSUCH", tooMany, "closed"],
    ],
    { ways: ["rows"] },
  ],
  [
    "good commands do not reset the count",
    [...errors(3), hello, mail, ["RSET", "250"], ...errors(2), ["FOO", tooMany, "closed"]],
    { ways: ["rows"] },
  ],
]);
playAll("maxProtocolErrors unlimited", () => relay.portOf("Patient"), [
  ["fifty errors are borne", [...errors(50), hello, quit], quick],
]);

const withoutKeyword = (
  connector: string,
  keyword: string,
  rows: readonly Row[],
): readonly [string, readonly Dialog[]] => [connector, [[`${keyword} off`, rows, { ways: ["rows"] }]]];
for (const [connector, dialogs] of [
  withoutKeyword("NoChunking", "CHUNKING", [
    hello,
    mail,
    rcpt,
    [octets("BDAT 2\r\nx\n"), "502 5.3.3"],
    ["RSET", "250"],
    ["MAIL FROM:<a@b.example> BODY=BINARYMIME", "555 5.5.4"],
  ]),
  withoutKeyword("NoBinaryMime", "BINARYMIME", [
    hello,
    ["MAIL FROM:<a@b.example> BODY=BINARYMIME", "555 5.5.4"],
    ["MAIL FROM:<a@b.example> BODY=8BITMIME", "250"],
  ]),
  withoutKeyword("NoDsn", "DSN", [
    hello,
    ["MAIL FROM:<a@b.example> RET=FULL", "555 5.5.4"],
    mail,
    ["RCPT TO:<a@b.example> NOTIFY=NEVER", "555 5.5.4"],
  ]),
  withoutKeyword("NoSize", "SIZE", [hello, ["MAIL FROM:<a@b.example> SIZE=1", "555 5.5.4"]]),
  withoutKeyword("NoSmtpUtf8", "SMTPUTF8", [hello, ["MAIL FROM:<a@b.example> SMTPUTF8", "555 5.5.4"]]),
  withoutKeyword("NoEightBit", "8BITMIME", [hello, ["MAIL FROM:<a@b.example> BODY=8BITMIME", "555 5.5.4"]]),
] as const) {
  playAll(`connector ${connector}`, () => relay.portOf(connector), dialogs);
}

playAll("domains refused by name", () => relay.portOf("Strict"), [
  [
    "reserved top level",
    [
      hello,
      mail,
      ["RCPT TO:<a@b.test>", "550 5.1.4 Recipient address reserved by RFC 2606"],
      ["RCPT TO:<a@b.invalid>", "550 5.1.4"],
      ["RCPT TO:<a@host.localhost>", "550 5.1.4"],
      ["RCPT TO:<a@b.EXAMPLE>", "550 5.1.4"],
    ],
  ],
  [
    "reserved second level",
    [
      hello,
      mail,
      ["RCPT TO:<a@example.com>", "550 5.1.5 Recipient address reserved by RFC 2606"],
      ["RCPT TO:<a@example.net>", "550 5.1.5"],
      ["RCPT TO:<a@Example.ORG>", "550 5.1.5"],
    ],
  ],
  [
    "single label",
    [
      hello,
      mail,
      ["RCPT TO:<a@contoso>", "550 5.1.6 Recipient addresses in single label domains not accepted"],
    ],
  ],
  [
    "others go on",
    [
      hello,
      mail,
      ["RCPT TO:<a@contoso.com>", "250"],
      ["RCPT TO:<a@notexample.com>", "250"],
      ["RCPT TO:<a@example.com.au>", "250"],
    ],
  ],
]);

playAll("bare line ends refused", () => relay.portOf("StrictLines"), [
  [
    "bare LF in the body",
    [...transaction, startData, content("a: b\r\n\r\nx\ny", "550 5.6.11"), mail, rcpt, ...message],
  ],
  ["bare LF in the header", [...transaction, startData, content("a: b\nc: d\r\n\r\nx", "550 5.6.11")]],
  ["bare CR in the body", [...transaction, startData, content("a: b\r\n\r\nx\ry", "550 5.6.11")]],
  ["by BDAT", [...transaction, [octets("BDAT 10 LAST\r\na: b\r\n\r\nx\n"), "550 5.6.11"]]],
  ["clean content goes on", [...transaction, ...message]],
]);
