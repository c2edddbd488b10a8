/** Parameters of MAIL and RCPT: RFC 1870, 3030, 3461, 4954, 6152, 6531; RFC 5321 §4.1.1.11. */
import { beforeAll, expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { type Dialog, hello, mail, playAll } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

const ofMail: readonly (readonly [parameters: string, reply: string])[] = [
  ["SIZE=0", "250"],
  ["SIZE=1", "250"],
  ["SIZE=000000001", "250"],
  ["size=1", "250"],
  ["SIZE=37748736", "250"],
  ["SIZE=37748737", "552 5.3.4 Message size exceeds fixed maximum message size"],
  ["SIZE=99999999999999999999", "552 5.3.4"],
  ["SIZE=999999999999999999999", "501 5.5.4"],
  ["SIZE", "501 5.5.4"],
  ["SIZE=", "501 5.5.4"],
  ["SIZE=-1", "501 5.5.4"],
  ["SIZE=1x", "501 5.5.4"],
  ["SIZE=1 SIZE=2", "250"],
  ["BODY=7BIT", "250"],
  ["BODY=8BITMIME", "250"],
  ["body=8bitmime", "250"],
  ["BODY=BINARYMIME", "250"],
  ["BODY=9BIT", "501 5.5.4"],
  ["BODY", "501 5.5.4"],
  ["BODY=", "501 5.5.4"],
  ["BODY=7BIT BODY=8BITMIME", "250"],
  ["SMTPUTF8", "250"],
  ["smtputf8", "250"],
  ["SMTPUTF8=1", "501 5.5.4"],
  ["RET=FULL", "250"],
  ["RET=HDRS", "250"],
  ["ret=hdrs", "250"],
  ["RET=NONE", "501 5.5.4"],
  ["RET", "501 5.5.4"],
  ["RET=FULL RET=HDRS", "250"],
  ["ENVID=QQ314159", "250"],
  ["ENVID=a+2Bb", "250"],
  ["ENVID=a+2bb", "501 5.5.4"],
  ["ENVID=a+ZZb", "501 5.5.4"],
  ["ENVID=a+", "501 5.5.4"],
  ["ENVID=a=b", "501 5.5.4"],
  ["ENVID=", "501 5.5.4"],
  ["ENVID=a+0D+0AX-Injected:1", "501 5.5.4"],
  ["ENVID=a+00", "501 5.5.4"],
  [`ENVID=${"e".repeat(100)}`, "250"],
  [`ENVID=${"e".repeat(101)}`, "501 5.5.4"],
  ["ENVID=a ENVID=b", "250"],
  ["SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x", "250"],
  ["  SIZE=10   BODY=8BITMIME  ", "250"],
  ["UNKNOWN", "555 5.5.4"],
  ["UNKNOWN=1", "555 5.5.4"],
  ["SIZE=10 XYZZY=1", "555 5.5.4"],
  ["NOTIFY=NEVER", "555 5.5.4"],
  ["ORCPT=rfc822;a@b.example", "555 5.5.4"],
  ["AUTH=<>", "555 5.5.4"],
  ["=1", "501 5.5.4"],
  ["-X=1", "501 5.5.4"],
  ["SIZE=1=2", "501 5.5.4"],
  ["SIZE =1", "501 5.5.4"],
  ["SIZE= 1", "501 5.5.4"],
  ["SI;ZE=1", "501 5.5.4"],
];

const ofRcpt: readonly (readonly [parameters: string, reply: string])[] = [
  ["NOTIFY=NEVER", "250"],
  ["NOTIFY=SUCCESS", "250"],
  ["NOTIFY=FAILURE", "250"],
  ["NOTIFY=DELAY", "250"],
  ["NOTIFY=SUCCESS,FAILURE,DELAY", "250"],
  ["notify=success,failure", "250"],
  ["NOTIFY=NEVER,SUCCESS", "501 5.5.4"],
  ["NOTIFY=SUCCESS,NEVER", "501 5.5.4"],
  ["NOTIFY=", "501 5.5.4"],
  ["NOTIFY", "501 5.5.4"],
  ["NOTIFY=SOMETIMES", "501 5.5.4"],
  ["NOTIFY=SUCCESS,", "501 5.5.4"],
  ["NOTIFY=,SUCCESS", "501 5.5.4"],
  ["NOTIFY=SUCCESS NOTIFY=DELAY", "250"],
  ["ORCPT=rfc822;a@b.example", "250"],
  ["ORCPT=RFC822;a+2Bc@b.example", "250"],
  ["ORCPT=utf-8;a@b.example", "250"],
  ["ORCPT=x400;c+3Ddk", "250"],
  ["ORCPT=rfc822", "501 5.5.4"],
  ["ORCPT=rfc822;", "501 5.5.4"],
  ["ORCPT=;a@b.example", "501 5.5.4"],
  ["ORCPT=rfc822;a+0D+0Ab@c.example", "501 5.5.4"],
  ["ORCPT=rfc822;a+b@c.example", "501 5.5.4"],
  [`ORCPT=rfc822;${"o".repeat(493)}`, "250"],
  [`ORCPT=rfc822;${"o".repeat(494)}`, "501 5.5.4"],
  ["NOTIFY=NEVER ORCPT=rfc822;a@b.example", "250"],
  ["SIZE=1", "555 5.5.4"],
  ["BODY=8BITMIME", "555 5.5.4"],
  ["RET=FULL", "555 5.5.4"],
  ["X", "555 5.5.4"],
];

const once = { ways: ["rows"] } as const;
const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 37)}…` : text);

playAll(
  "MAIL",
  () => relay.port,
  ofMail.map(([parameters, reply]): Dialog => [
    short(parameters),
    [hello, [`MAIL FROM:<a@b.example> ${parameters}`, reply]],
    once,
  ]),
);
playAll(
  "RCPT",
  () => relay.port,
  ofRcpt.map(([parameters, reply]): Dialog => [
    short(parameters),
    [hello, mail, [`RCPT TO:<c@d.example> ${parameters}`, reply]],
    once,
  ]),
);
playAll("AUTH= where AUTH is offered under TLS only", () => relay.portOf("Accounts"), [
  ["AUTH=<>", [hello, ["MAIL FROM:<a@b.example> AUTH=<>", "555 5.5.4"]], once],
]);

const plain = () => relay.portOf("Plain");
playAll("a connector that offers nothing", plain, [
  ["SIZE", [hello, ["MAIL FROM:<a@b.example> SIZE=1", "555 "]]],
  ["BODY", [hello, ["MAIL FROM:<a@b.example> BODY=8BITMIME", "555 "]]],
  ["SMTPUTF8", [hello, ["MAIL FROM:<a@b.example> SMTPUTF8", "555 "]]],
  ["RET", [hello, ["MAIL FROM:<a@b.example> RET=FULL", "555 "]]],
  ["NOTIFY", [hello, ["MAIL FROM:<a@b.example>", "250 "], ["RCPT TO:<c@d.example> NOTIFY=NEVER", "555 "]]],
  ["STARTTLS", [hello, ["STARTTLS", "502 "]]],
  ["AUTH", [hello, ["AUTH PLAIN", "502 "]]],
  [
    "BDAT consumes its octets",
    [
      hello,
      ["MAIL FROM:<a@b.example>", "250 "],
      ["RCPT TO:<c@d.example>", "250 "],
      [Buffer.from("BDAT 6\r\nQUIT\r\n"), "502 "],
    ],
  ],
  ["replies carry no enhanced codes", [hello, ["NOOP", "250 OK"], ["FOO", "500 Unrecognized"]]],
]);
playAll("parameters after HELO", () => relay.port, [
  [
    "SIZE",
    [
      ["HELO c.example", "250"],
      ["MAIL FROM:<a@b.example> SIZE=1", "250"],
    ],
  ],
  [
    "BODY",
    [
      ["HELO c.example", "250"],
      ["MAIL FROM:<a@b.example> BODY=8BITMIME", "250"],
    ],
  ],
  [
    "NOTIFY",
    [
      ["HELO c.example", "250"],
      ["MAIL FROM:<a@b.example>", "250"],
      ["RCPT TO:<c@d.example> NOTIFY=NEVER", "250"],
    ],
  ],
]);

test("EHLO of a connector that offers nothing names nothing", async () => {
  const client = await connectScriptedClient({ port: plain() });
  await client.expect(220);
  expect((await client.command("EHLO client.example")).lines).toEqual(["relay.test Hello [127.0.0.1]"]);
  client.close();
});

test("EHLO names what is offered, in Exchange's order", async () => {
  const client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  expect((await client.command("EHLO client.example")).lines.slice(1)).toEqual([
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
  ]);
  client.close();
});
