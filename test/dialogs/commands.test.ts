/** Commands, their order and their form: RFC 5321 §3, §4.1, §4.3. */
import { beforeAll } from "vitest";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { type Dialog, hello, mail, message, octets, playAll, quit, rcpt, transaction } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

const order: readonly Dialog[] = [
  ["a whole transaction", [...transaction, ...message, quit]],
  ["two transactions in one session", [...transaction, ...message, mail, rcpt, ...message, quit]],
  ["HELO does for a transaction", [["HELO client.example", "250"], mail, rcpt, ...message, quit]],
  ["MAIL before EHLO", [["MAIL FROM:<a@b.example>", "503 5.5.2 Send hello first"]]],
  ["RCPT before EHLO", [["RCPT TO:<a@b.example>", "503 5.5.2 Send hello first"]]],
  ["DATA before EHLO", [["DATA", "503 5.5.2 Send hello first"]]],
  ["RCPT before MAIL", [hello, ["RCPT TO:<a@b.example>", "503 5.5.2 Need mail command"]]],
  ["DATA before MAIL", [hello, ["DATA", "503 5.5.2 Need mail command"]]],
  ["DATA before RCPT", [hello, mail, ["DATA", "554 5.5.1 No valid recipients"]]],
  ["MAIL twice", [hello, mail, ["MAIL FROM:<b@c.example>", "503 5.5.2 Sender already specified"], rcpt]],
  ["MAIL between RCPT", [...transaction, ["MAIL FROM:<b@c.example>", "503 5.5.2"], rcpt, ...message]],
  ["MAIL behind a refused MAIL", [hello, ["MAIL FROM:<broken", "501 5.1.7"], mail, rcpt]],
  [
    "RCPT behind a refused MAIL",
    [hello, ["MAIL FROM:<broken", "501 5.1.7"], ["RCPT TO:<a@b.example>", "503 5.5.2"]],
  ],
  [
    "RSET forgets the transaction",
    [...transaction, ["RSET", "250 2.0.0"], ["DATA", "503 5.5.2"], mail, rcpt],
  ],
  ["RSET keeps the hello", [hello, ["RSET", "250 2.0.0"], mail]],
  ["RSET before EHLO", [["RSET", "250 2.0.0"]]],
  ["EHLO forgets the transaction", [...transaction, hello, ["DATA", "503 5.5.2"], mail]],
  ["HELO forgets the transaction", [...transaction, ["HELO c.example", "250"], ["DATA", "503 5.5.2"]]],
  ["a refused EHLO keeps the transaction", [...transaction, ["EHLO a\0b", "500 5.5.2"], ...message]],
  ["the end of data ends the transaction", [...transaction, ...message, ["DATA", "503 5.5.2"]]],
  [
    "NOOP and VRFY inside a transaction change nothing",
    [...transaction, ["NOOP", "250"], ["VRFY x", "252"], ["HELP", "214"], ...message],
  ],
  ["NOOP before EHLO", [["NOOP", "250 2.0.0 OK"]]],
  ["VRFY before EHLO", [["VRFY someone", "252 2.1.5"]]],
  ["HELP before EHLO", [["HELP", "214 "]]],
  ["QUIT before EHLO", [quit]],
  ["QUIT inside a transaction", [...transaction, quit]],
  [
    "much behind QUIT: its reply still arrives",
    [[octets(`QUIT\r\n${"NOOP\r\n".repeat(20_000)}`), "221 2.0.0", "closed"]],
  ],
  ["nothing is run behind QUIT", [["QUIT", "221 2.0.0", "closed"]]],
];

const forms: readonly Dialog[] = [
  [
    "verbs in lower case",
    [
      ["ehlo client.example", "250"],
      ["mail from:<a@b.example>", "250"],
      ["rcpt to:<c@d.example>", "250"],
      ["data", "354"],
      [octets("x\r\n.\r\n"), "250"],
      ["quit", "221", "closed"],
    ],
  ],
  [
    "verbs in mixed case",
    [
      ["eHlO client.example", "250"],
      ["MaIl FrOm:<a@b.example>", "250"],
      ["RcPt tO:<c@d.example>", "250"],
    ],
  ],
  [
    "trailing space",
    [
      ["EHLO client.example ", "250"],
      ["MAIL FROM:<a@b.example> ", "250"],
      ["RCPT TO:<c@d.example>  ", "250"],
      ["DATA ", "354"],
      [octets("x\r\n.\r\n"), "250"],
      ["NOOP ", "250"],
      ["RSET ", "250"],
      ["QUIT ", "221", "closed"],
    ],
  ],
  ["NOOP with an argument", [["NOOP anything at all", "250"]]],
  ["RSET with an argument", [["RSET now", "250 2.0.0"]]],
  ["DATA with an argument", [...transaction, ["DATA now", "501 5.5.4"], ...message]],
  ["QUIT with an argument", [["QUIT now", "221 2.0.0", "closed"]]],
  ["STARTTLS with an argument", [hello, ["STARTTLS now", "501 5.5.4"]]],
  ["VRFY without an argument", [["VRFY", "501 5.5.4"]]],
  [
    "VRFY known and unknown alike",
    [
      hello,
      ["VRFY recipient@dest.example", "252 2.1.5 Cannot VRFY user"],
      ["VRFY nobody@nowhere.example", "252 2.1.5 Cannot VRFY user"],
      ["VRFY <a@b.example>", "252 2.1.5 Cannot VRFY user"],
    ],
  ],
  ["EXPN is not offered", [hello, ["EXPN list", "502 5.3.3"]]],
  ["HELP with an argument", [["HELP MAIL", "214"]]],
  ["an unknown verb", [["FOO", "500 5.3.3 Unrecognized command"]]],
  [
    "an unknown verb with an argument",
    [
      hello,
      ["XCLIENT ADDR=1.2.3.4", "500 5.3.3"],
      ["TURN", "500 5.3.3"],
      ["ETRN a.example", "500 5.3.3"],
      ["SEND FROM:<a@b.example>", "500 5.3.3"],
    ],
  ],
  ["a verb of nine letters", [["ABCDEFGHI", "500 5.3.3"]]],
  ["an empty line", [["", "500"]]],
  ["a line of spaces", [["   ", "500"]]],
  ["a verb behind a space", [[" NOOP", "500"]]],
  [
    "a verb run into its argument",
    [
      ["NOOPX", "500"],
      ["EHLOclient.example", "500"],
      ["QUITS", "500"],
    ],
  ],
  [
    "MAIL without FROM",
    [
      hello,
      ["MAIL", "501 5.5.4"],
      ["MAIL <a@b.example>", "501 5.5.4"],
      ["MAIL TO:<a@b.example>", "501 5.5.4"],
      ["MAIL FROM", "501 5.5.4"],
      ["MAIL FROM:", "501 5.5.4"],
    ],
  ],
  [
    "RCPT without TO",
    [
      hello,
      mail,
      ["RCPT", "501 5.5.4"],
      ["RCPT <a@b.example>", "501 5.5.4"],
      ["RCPT FROM:<a@b.example>", "501 5.5.4"],
      ["RCPT TO", "501 5.5.4"],
    ],
  ],
  ["RCPT without a path", [hello, mail, ["RCPT TO:", "501 5.5.4"], rcpt, ...message]],
  [
    "space behind the colon, as many applications send",
    [hello, ["MAIL FROM: <a@b.example>", "250"], ["RCPT TO: <c@d.example>", "250"], ...message],
  ],
  [
    "a tab in a command",
    [hello, ["MAIL\tFROM:<a@b.example>\tSIZE=1\t", "250"], ["RCPT TO:<c@d.example>\t", "250"]],
  ],
  ["a tab within quotes", [hello, ['MAIL FROM:<"a\tb"@c.example>', "500 5.5.2"]]],
  [
    "a NUL in a command",
    [
      ["NOOP \0", "500 5.5.2"],
      ["EHLO a\0b", "500 5.5.2"],
    ],
  ],
  ["an escape character in a command", [["EHLO \u001b[31mred", "500 5.5.2"]]],
  ["a DEL in a command", [["NOOP \x7f", "500 5.5.2"]]],
  ["8-bit octets that are not UTF-8", [hello, [octets("MAIL FROM:<caf\xe9@b.example>\r\n"), "500 5.5.2"]]],
  ["bare CR inside a command", [[octets("NOOP x\ry\r\n"), "500"]]],
  ["bare LF never ends a command", [[octets("NOOP x\nQUIT\r\n"), "500"]]],
  [
    "bare LF hides no command behind it",
    [
      hello,
      [octets("NOOP\nMAIL FROM:<a@b.example>\r\n"), "500"],
      ["RCPT TO:<c@d.example>", "503 5.5.2 Need mail command"],
    ],
  ],
  ["CRCRLF ends a command", [[octets("NOOP\r\r\n"), "250"]]],
  ["a CR before the end alone", [[octets("NO\rOP\r\n"), "500"]]],
  [
    "a client that knows no CRLF",
    [
      [octets("EHLO device\n"), "250"],
      [octets("MAIL FROM:<a@b.example>\n"), "250"],
      [octets("RCPT TO:<c@d.example>\n"), "250"],
      [octets("DATA\n"), "354"],
      [octets("Subject: x\n\nbody\r\n.\r\n"), "250 2.6.0"],
      [octets("QUIT\n"), "221", "closed"],
    ],
  ],
  [
    "a client that knows no CRLF is told at the end of its data",
    [
      [octets("HELO device\n"), "250"],
      [octets("MAIL FROM:<a@b.example>\n"), "250"],
      [octets("RCPT TO:<c@d.example>\n"), "250"],
      [octets("DATA\n"), "354"],
      [octets("Subject: x\n\nbody\n.\n"), "550 5.6.11", "closed"],
    ],
    { ways: ["rows", "octets"] },
  ],
  [
    "who begins with something else, and greets then",
    [
      [octets("\n"), "500 5.5.2"],
      [octets("EHLO device\n"), "250"],
      [octets("QUIT\n"), "221", "closed"],
    ],
    { ways: ["rows"] },
  ],
  ["a check of the port without CRLF", [[octets("QUIT\n"), "221", "closed"]]],
  [
    "and with more in front of its end",
    [
      [octets("HELO device\n"), "250"],
      [octets("MAIL FROM:<a@b.example>\n"), "250"],
      [octets("RCPT TO:<c@d.example>\n"), "250"],
      [octets("DATA\n"), "354"],
      [octets("Subject: x\n\nbody\n.\nQUIT\n"), "550 5.6.11", "closed"],
    ],
    { ways: ["rows", "octets"] },
  ],
  [
    "HTTP on the SMTP port ends the session",
    [["GET / HTTP/1.1", "500", "closed"]],
    { ways: ["rows", "octets"] },
  ],
  [
    "an HTTP post with SMTP in its body ends the session",
    [[octets("POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO evil\r\nMAIL FROM:<a@b.example>\r\n"), "500", "closed"]],
    { ways: ["rows"] },
  ],
];

const helloNames: readonly (readonly [string, string])[] = [
  ["client.example", "250"],
  ["client", "250"],
  ["a-b.example", "250"],
  ["1and1.example", "250"],
  ["CLIENT.EXAMPLE", "250"],
  ["win_host.corp.example", "250"],
  ["client.example.", "250"],
  ["[127.0.0.1]", "250"],
  ["[IPv6:::1]", "250"],
  ["[IPv6:2001:db8::1]", "250"],
  ["xn--mnchen-3ya.example", "250"],
  [`${"a".repeat(63)}.example`, "250"],
  [`${"a".repeat(64)}.example`, "250"],
  [Array.from({ length: 80 }, () => "abc").join("."), "250"],
  ["-a.example", "250"],
  ["a.example-", "250"],
  ["a..example", "250"],
  [".example", "250"],
  ["two words", "250"],
  ["a@b.example", "250"],
  ["<client.example>", "250"],
  ["a;b", "250"],
  ['"quoted"', "250"],
  ["(null)", "250"],
  ["[unclosed", "250"],
  ["[]", "250"],
  ["[a]b]", "250"],
  ["b\u00fcro-pc", "250"],
  ["a\\b", "250"],
  ["a\u0007b", "500 5.5.2"],
];

playAll("order", () => relay.port, order);
playAll("form", () => relay.port, forms);
for (const verb of ["EHLO", "HELO"]) {
  playAll(
    `${verb} names`,
    () => relay.port,
    helloNames.map(([name, reply]): Dialog => [name, [[`${verb} ${name}`, reply]], { ways: ["rows"] }]),
  );
}
playAll("EHLO without a name", () => relay.port, [
  ["is taken by default", [["EHLO", "250"], mail]],
  ["HELO is taken by default", [["HELO", "250"], mail]],
]);
playAll("EHLO with requireEhloDomain", () => relay.portOf("RequireEhloDomain"), [
  ["without a name closes", [["EHLO", "501 5.5.4", "closed"]]],
  ["with a name goes on", [["EHLO c.example", "250"], mail, rcpt, ...message]],
]);
