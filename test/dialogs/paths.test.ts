/** Paths of MAIL and RCPT: RFC 5321 §4.1.2 and §4.1.3, RFC 6531 §3.3. */
import { beforeAll } from "vitest";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { type Dialog, hello, mail, playAll } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

const label63 = "d".repeat(63);
const domain255 = [label63, label63, label63, "e".repeat(63)].join(".");
const local64 = "l".repeat(64);

/** Good as reverse-path and as forward-path. */
const good = [
  "<a@b.example>",
  "<a@b>",
  "<A.B.C@d.example>",
  "<!#$%&'*+-/=?^_`{|}~@b.example>",
  "<user+tag@b.example>",
  "<a%c@b.example>",
  "<a!c@b.example>",
  "<1@2.example>",
  "<a@xn--mnchen-3ya.example>",
  "<a@b-c.example>",
  "<a@b--c.example>",
  "<a@b_c.example>",
  "<a@B.EXAMPLE>",
  '<"quoted"@b.example>',
  '<"with space"@b.example>',
  '<"a@b"@c.example>',
  '<"a\\"b"@c.example>',
  '<"a\\\\"@c.example>',
  '<"a>b"@c.example>',
  '<""@c.example>',
  '<"a..b"@c.example>',
  '<".a."@c.example>',
  "<a@[127.0.0.1]>",
  "<a@[255.255.255.255]>",
  "<a@[IPv6:::1]>",
  "<a@[IPv6:2001:db8:0:0:0:0:0:1]>",
  "<a@[IPv6:::ffff:192.0.2.1]>",
  "<a@[ipv6:::1]>",
  `<${local64}@b.example>`,
  `<a@${label63}.example>`,
  `<a@${domain255}>`,
  "<@r.example:a@b.example>",
  "<@r.example,@s.example:a@b.example>",
  "<@[192.0.2.1]:a@b.example>",
  "a@b.example",
];

/** What RFC 5321 forbids and peers take: refused only with strictAddresses. */
const odd = [
  "< a@b.example>",
  "<a@b.example >",
  "<.a@b.example>",
  "<a.@b.example>",
  "<a..c@b.example>",
  `<${local64}x@b.example>`,
  `<${"v".repeat(300)}@b.example>`,
  '"Name" <a@b.example>',
  "Name <a@b.example>",
  "<a@b.example>;",
];

/** Refused as reverse-path and as forward-path, whatever the class of the reason. */
const bad = [
  "<a>",
  "<@b.example>",
  "<a@>",
  "<a@b.example",
  "a@b.example>",
  "<<a@b.example>>",
  "<a@b.example>x",
  "<a@b.example><c@d.example>",
  "<a b@c.example>",
  "<a@b c.example>",
  "<a@b..example>",
  "<a@.b.example>",
  "<a@b.example.>",
  "<a@-b.example>",
  "<a@b-.example>",
  "<a@b,example>",
  "<a@b@c.example>",
  "<a,c@b.example>",
  "<a;c@b.example>",
  "<a:c@b.example>",
  "<a(x)@b.example>",
  "<a@b.example(x)>",
  "<(x)a@b.example>",
  "<a@b.example, c@d.example>",
  '<"unclosed@b.example>',
  '<"a"b@c.example>',
  '<a"b"@c.example>',
  '<"a".b@c.example>',
  "<a\\@b@c.example>",
  "<a@[127.0.0.1>",
  "<a@127.0.0.1]>",
  "<a@[]>",
  "<a@[256.0.0.1]>",
  "<a@[1.2.3]>",
  "<a@[1.2.3.4.5]>",
  "<a@[IPv6:1.2.3.4]>",
  "<a@[IPv6:::1::]>",
  "<a@[IPv6:1:2:3:4:5:6:7:8:9]>",
  "<a@[::1]>",
  "<a@[unknown:x]>",
  `<a@${"d".repeat(64)}.example>`,
  `<a@x.${domain255}>`,
  "<@r.example a@b.example>",
  "<@r.example,a@b.example>",
  "<@:a@b.example>",
  "<r.example:a@b.example>",
  "<mailto:a@b.example>",
  "<a@b.example>\\r\\nRCPT TO:<x@y.example>",
  "<a@exa\\mple>",
  "<a@b/c>",
  "<a@b:25>",
];

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 37)}…` : text);
const once = { ways: ["rows"] } as const;

playAll(
  "good reverse-paths",
  () => relay.port,
  ["<>", ...good].map((path): Dialog => [short(path), [hello, [`MAIL FROM:${path}`, "250 2.1.0"]], once]),
);
playAll(
  "odd paths",
  () => relay.port,
  odd.map((path): Dialog => [
    short(path),
    [hello, [`MAIL FROM:${path}`, "250 2.1.0"], [`RCPT TO:${path}`, "250 2.1.5"]],
    once,
  ]),
);
playAll(
  "odd paths with strictAddresses",
  () => relay.portOf("StrictAddresses"),
  odd.map((path): Dialog => [
    short(path),
    [hello, [`MAIL FROM:${path}`, "501 5.1.7"], mail, [`RCPT TO:${path}`, "501 5.1.3"]],
    once,
  ]),
);
playAll("defaultDomain completes what has no domain", () => relay.portOf("DefaultDomain"), [
  [
    "MAIL FROM:<root>, RCPT TO:<bob>",
    [hello, ["MAIL FROM:<root>", "250 2.1.0"], ["RCPT TO:<bob>", "250 2.1.5"], ["RCPT TO:bob", "250 2.1.5"]],
  ],
  ["the null reverse-path stays", [hello, ["MAIL FROM:<>", "250 2.1.0"], ["RCPT TO:<Postmaster>", "250"]]],
]);
playAll("defaultDomain of a domain that may not be relayed to", () => relay.portOf("ForeignDefaultDomain"), [
  ["RCPT TO:<bob>", [hello, ["MAIL FROM:<root>", "250"], ["RCPT TO:<bob>", "550 5.7.54"]]],
]);
playAll(
  "good forward-paths",
  () => relay.port,
  ["<Postmaster>", "<postmaster>", "<POSTMASTER>", ...good].map((path): Dialog => [
    short(path),
    [hello, mail, [`RCPT TO:${path}`, "250 2.1.5"]],
    once,
  ]),
);
playAll(
  "bad reverse-paths",
  () => relay.port,
  ["<Postmaster>", "<@>", "<.>", ...bad].map((path): Dialog => [
    short(path),
    [hello, [`MAIL FROM:${path}`, "50"], ["RCPT TO:<c@d.example>", "503"]],
    once,
  ]),
);
playAll(
  "bad forward-paths",
  () => relay.port,
  ["<>", "<Postmaster@>", "<postmasters>", ...bad].map((path): Dialog => [
    short(path),
    [hello, mail, [`RCPT TO:${path}`, "50"], ["DATA", "554"]],
    once,
  ]),
);

playAll("internationalised paths", () => relay.port, [
  [
    "with SMTPUTF8",
    [hello, ["MAIL FROM:<jürgen@müller.example> SMTPUTF8", "250"], ["RCPT TO:<用户@例子.example>", "250"]],
  ],
  ["A-labels need no SMTPUTF8", [hello, ["MAIL FROM:<a@xn--mller-kva.example>", "250"]]],
  ["reverse-path without SMTPUTF8", [hello, ["MAIL FROM:<jürgen@example.org>", "553 5.6.7"]]],
  ["U-label without SMTPUTF8", [hello, ["MAIL FROM:<a@müller.example>", "553 5.6.7"]]],
  ["forward-path without SMTPUTF8", [hello, mail, ["RCPT TO:<用户@example.org>", "553 5.6.7"]]],
  [
    "SMTPUTF8 with ASCII addresses",
    [hello, ["MAIL FROM:<a@b.example> SMTPUTF8", "250"], ["RCPT TO:<c@d.example>", "250"]],
  ],
  ["quoted UTF-8 local part", [hello, ['MAIL FROM:<"jürgen müller"@b.example> SMTPUTF8', "250"]]],
  ["local part of 64 octets in UTF-8", [hello, [`MAIL FROM:<${"ü".repeat(32)}@b.example> SMTPUTF8`, "250"]]],
  ["local part of 66 octets in UTF-8", [hello, [`MAIL FROM:<${"ü".repeat(33)}@b.example> SMTPUTF8`, "250"]]],
  [
    "overlong UTF-8",
    [hello, [Buffer.from("MAIL FROM:<\xc0\xaf@b.example> SMTPUTF8\r\n", "latin1"), "500 5.5.2"]],
  ],
  [
    "a surrogate in UTF-8",
    [hello, [Buffer.from("MAIL FROM:<\xed\xa0\x80@b.example> SMTPUTF8\r\n", "latin1"), "500 5.5.2"]],
  ],
  ["cut UTF-8", [hello, [Buffer.from("MAIL FROM:<\xe4\xb8@b.example> SMTPUTF8\r\n", "latin1"), "500 5.5.2"]]],
  ["a line separator", [hello, ["MAIL FROM:<a\u2028b@c.example> SMTPUTF8", "50"]]],
  ["a C1 control (next line)", [hello, ["MAIL FROM:<a\u0085b@c.example> SMTPUTF8", "50"]]],
  ["a right-to-left override", [hello, ["MAIL FROM:<a\u202eb@c.example> SMTPUTF8", "50"]]],
  ["a byte order mark", [hello, ["MAIL FROM:<\ufeffa@c.example> SMTPUTF8", "50"]]],
  [
    "a full-width domain that maps to ASCII",
    [hello, ["MAIL FROM:<a@b.example> SMTPUTF8", "250"], ["RCPT TO:<a@ｄｅｓｔ.example>", "501 5.1.3"]],
  ],
]);
