/** Who may send where: forms by which open relays are tried. Exchange: permission groups, accepted domains. */
import { beforeAll } from "vitest";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { type Dialog, type Row, hello, mail, message, playAll } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

// The connector Closed takes anonymous mail for accepted.example and *.wild.example only.
const refusal = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain";
const once = { ways: ["rows"] } as const;

const accepted = [
  "<user@accepted.example>",
  "<user@ACCEPTED.Example>",
  "<user@wild.example>",
  "<user@a.wild.example>",
  "<user@a.b.wild.example>",
  "<Postmaster>",
  "<postmaster@accepted.example>",
  "user@accepted.example",
  "<@elsewhere.example:user@accepted.example>",
  '<"user@elsewhere.example"@accepted.example>',
  "<user%elsewhere.example@accepted.example>",
  "<elsewhere.example!user@accepted.example>",
  '<"user%elsewhere.example"@accepted.example>',
];

/** Every one names another domain than an accepted one, or no valid address: 550 5.7.54 or a syntax error. */
const refused = [
  "<user@elsewhere.example>",
  "user@elsewhere.example",
  "<user@sub.accepted.example>",
  "<user@notaccepted.example>",
  "<user@accepted.example.elsewhere.example>",
  "<user@accepted.example.>",
  "<user@accepted-example.example>",
  "<user@xwild.example>",
  "<user@accepted>",
  "<user@example>",
  "<user@[127.0.0.1]>",
  "<user@[192.0.2.1]>",
  "<user@[IPv6:::1]>",
  "<user@[IPv6:::ffff:127.0.0.1]>",
  "<user@localhost>",
  "<user@relay.test>",
  "<user@127.0.0.1>",
  "<user@2130706433>",
  "<@accepted.example:user@elsewhere.example>",
  "<@accepted.example,@wild.example:user@elsewhere.example>",
  "<user@accepted.example@elsewhere.example>",
  "<user@elsewhere.example@accepted.example>",
  '<"user@accepted.example"@elsewhere.example>',
  "<user%accepted.example@elsewhere.example>",
  "<accepted.example!user@elsewhere.example>",
  '<"user"@elsewhere.example>',
  "<user@elsewhere.example,user@accepted.example>",
  "<user@elsewhere.example user@accepted.example>",
  "<user@elsewhere.example><user@accepted.example>",
  "<user@elsewhere.example>user@accepted.example",
  "<user@elsewhere.example(accepted.example)>",
  "<user@(accepted.example)elsewhere.example>",
  "<user@elsewhere.example\t@accepted.example>",
  "<user@elsewhere.example\0@accepted.example>",
  "<user@accepted.example\\@elsewhere.example>",
  "<user@elsewhere.example:25>",
  "<user@.accepted.example>",
  "<user@accepted..example>",
  "<user@wild.example.>",
  "<>",
  "<@accepted.example>",
  "<user@>",
  "<user>",
  "<postmaster@elsewhere.example>",
  "<Postmaster@accepted.example@elsewhere.example>",
  "<user@accepted.example%elsewhere.example>",
];

const closed = (): number => relay.portOf("Closed");
playAll(
  "accepted by the connector Closed",
  closed,
  accepted.map((path): Dialog => [path, [hello, mail, [`RCPT TO:${path}`, "250 2.1.5"]], once]),
);
playAll(
  "refused by the connector Closed",
  closed,
  refused.map((path): Dialog => [
    JSON.stringify(path),
    [hello, mail, [`RCPT TO:${path}`, "5"], ["DATA", "554"]],
    once,
  ]),
);

const denied: Row = ["RCPT TO:<user@elsewhere.example>", refusal];
playAll("senders that shall not help", closed, [
  ["the null sender", [hello, ["MAIL FROM:<>", "250"], denied]],
  ["a sender of the accepted domain", [hello, ["MAIL FROM:<user@accepted.example>", "250"], denied]],
  ["postmaster of this host", [hello, ["MAIL FROM:<postmaster@relay.test>", "250"], denied]],
  ["a sender with the recipient's domain", [hello, ["MAIL FROM:<user@elsewhere.example>", "250"], denied]],
  ["an address literal", [hello, ["MAIL FROM:<user@[127.0.0.1]>", "250"], denied]],
]);
playAll("moments that shall not help", closed, [
  ["after RSET", [hello, mail, ["RSET", "250"], mail, denied]],
  ["after a second EHLO", [hello, mail, hello, mail, denied]],
  ["after HELO", [["HELO relay.test", "250"], mail, denied]],
  ["after EHLO with this host's name", [["EHLO relay.test", "250"], mail, denied]],
  ["after EHLO with an accepted domain", [["EHLO accepted.example", "250"], mail, denied]],
  [
    "behind an accepted recipient",
    [hello, mail, ["RCPT TO:<user@accepted.example>", "250"], denied, ...message],
  ],
  [
    "behind a message that was taken",
    [hello, mail, ["RCPT TO:<user@accepted.example>", "250"], ...message, mail, denied],
  ],
  ["with XCLIENT", [hello, ["XCLIENT ADDR=127.0.0.1 LOGIN=app", "500"], mail, denied]],
  ["with XFORWARD", [hello, ["XFORWARD ADDR=127.0.0.1", "500"], mail, denied]],
  ["with a PROXY header", [["PROXY TCP4 127.0.0.1 127.0.0.1 1 25", "500"], hello, mail, denied]],
  [
    "with DSN parameters",
    [
      hello,
      mail,
      ["RCPT TO:<user@elsewhere.example> ORCPT=rfc822;user@accepted.example NOTIFY=NEVER", refusal],
    ],
  ],
]);
playAll("permission groups", () => relay.portOf("Nobody"), [
  ["None takes no mail", [hello, ["MAIL FROM:<a@b.example>", "530 5.7.57"]]],
  ["None takes no null sender", [hello, ["MAIL FROM:<>", "530 5.7.57"]]],
]);
playAll("Externally Secured", () => relay.portOf("Trusted"), [
  ["relays", [hello, mail, ["RCPT TO:<user@elsewhere.example>", "250"], ...message]],
  ["is not bound by the size limit", [hello, ["MAIL FROM:<a@b.example> SIZE=100000000", "250"]]],
]);
