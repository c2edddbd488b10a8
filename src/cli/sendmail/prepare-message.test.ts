import { expect, test } from "vitest";
import { prepareMessage } from "./prepare-message.ts";

const around = {
  user: "app",
  domain: "host.test",
  fullName: undefined,
  now: new Date("2026-11-29T03:00:00Z"),
  messageId: "1.2",
};
const added =
  "From: app@host.test\r\nDate: Sun, 29 Nov 2026 03:00:00 +0000\r\nMessage-ID: <1.2@host.test>\r\n";
const whole = "From: a@b.test\r\nDate: x\r\nMessage-ID: <1@b>\r\n";
const prepare = (text: string, fromHeader = false, more = {}) => {
  const prepared = prepareMessage(Buffer.from(text, "latin1"), { fromHeader }, { ...around, ...more });
  return { ...prepared, content: prepared.content.toString("latin1") };
};

test.each([
  ["text without a header", "hello\nthere\n", `${added}\r\nhello\r\nthere\r\n`],
  ["nothing", "", `${added}\r\n`],
  ["a header without a body", "Subject: s", `Subject: s\r\n${added}\r\n`],
  ["a whole message stays octet for octet", `${whole}X: \xff\r\n\r\n.b\r\n`, `${whole}X: \xff\r\n\r\n.b\r\n`],
  [
    "a line that is no field ends the header",
    "Subject: s\nhello there\n",
    `Subject: s\r\n${added}\r\nhello there\r\n`,
  ],
  ["a mailbox file's line", `From a@b Sun Nov 29\nSubject: s\n\nb\n`, `Subject: s\r\n${added}\r\nb\r\n`],
  [
    "no Bcc, Return-Path, Content-Length",
    `${whole}bcc: x@y.test,\n z@y.test\nReturn-Path: <x>\nContent-Length: 3\nTo: a@b.test\n\nb`,
    `${whole}To: a@b.test\r\n\r\nb`,
  ],
  [
    "whole addresses",
    `${whole}To: root, "x, y" <me>, a@b.test (root), G: joe;\n\n`,
    `${whole}To: root@host.test, "x, y" <me@host.test>, a@b.test (root), G: joe@host.test;\r\n\r\n`,
  ],
  ["folded", `${whole}Cc: root,\n\tme (x)\n\n`, `${whole}Cc: root@host.test,\r\n\tme@host.test (x)\r\n\r\n`],
  [
    "cron",
    "From: root (Cron Daemon)\nTo: root\nDate: d\nMessage-Id: <1@b>\n\nx",
    "From: root@host.test (Cron Daemon)\r\nTo: root@host.test\r\nDate: d\r\nMessage-Id: <1@b>\r\n\r\nx",
  ],
  [
    "a lone CR begins no field",
    `${whole}Subject: a\rBcc: evil@x.test\n\nb\rc\n`,
    `${whole}Subject: a Bcc: evil@x.test\r\n\r\nb\r\nc\r\n`,
  ],
  [
    "line ends converted twice",
    `${whole}Subject: a\r\r\n\r\r\nb`.replaceAll("\r\nDate", "\nDate"),
    `${whole}Subject: a\r\n\r\nb`,
  ],
])("%s", (_, input, expected) => {
  expect(prepare(input).content).toBe(expected);
});

test.each([
  [
    "To, Cc and Bcc",
    "To: a@b.test, C <c@d.test>\nCc: g: e@f.test;\nBcc: h@i.test\n\n",
    ["a@b.test", "c@d.test", "e@f.test", "h@i.test"],
  ],
  [
    "of Resent fields alone where there are such",
    "To: a@b.test\nResent-To: c@d.test\nResent-Bcc: e\n\n",
    ["c@d.test", "e@host.test"],
  ],
  ["with local names", "To: root\n\n", ["root@host.test"]],
  ["in UTF-8", "To: \xc3\xbc@b.test\n\n", ["ü@b.test"]],
  ["none", "Subject: s\n\nTo: a@b.test\n", []],
])("-t: recipients %s", (_, input, expected) => {
  const { recipients, unreadable, content } = prepare(input, true);
  expect({ recipients, unreadable }).toEqual({ recipients: expected, unreadable: [] });
  expect(content).not.toMatch(/bcc:/i);
});

test("-t: what cannot be read is told", () => {
  expect(prepare("To: a@b.test, x y z, <>\n\n", true)).toMatchObject({
    recipients: ["a@b.test"],
    unreadable: ["x y z", "<>"],
  });
});

test.each([
  ["Cron Daemon", 'From: "Cron Daemon" <app@host.test>'],
  ['a"\\\r\nBcc: x', 'From: "a\\"\\\\ Bcc: x" <app@host.test>'],
  ["Ü", "From: =?utf-8?B?w5w=?= <app@host.test>"],
])("-F %s", (fullName, expected) => {
  expect(prepare("\nb", false, { fullName }).content).toContain(`${expected}\r\n`);
});
