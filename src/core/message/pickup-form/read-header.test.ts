import { expect, test } from "vitest";
import { readPickupHeader } from "./read-header.ts";

const added = { now: new Date("2026-11-29T03:00:00Z"), messageId: "<1@relay.test>" };
const read = (text: string, maxRecipients = 100) => {
  const result = readPickupHeader(Buffer.from(text), { maxRecipients }, added);
  return result.ok ? { ...result, header: result.header.toString() } : result;
};
const tail = "Date: Sun, 29 Nov 2026 03:00:00 +0000\r\nMessage-ID: <1@relay.test>\r\n\r\n";

test.each([
  ["From: a@b.test\nTo: c@d.test\n", "a@b.test", ["c@d.test"], `From: a@b.test\r\nTo: c@d.test\r\n${tail}`],
  [
    "From: A <a@b.test>, x@b.test\r\nSender: s@b.test\r\nCc: c@d.test,\r\n e@f.test",
    "s@b.test",
    ["c@d.test", "e@f.test"],
    `From: A <a@b.test>, x@b.test\r\nSender: s@b.test\r\nCc: c@d.test,\r\n e@f.test\r\n${tail}`,
  ],
  [
    "From: a@b.test\nBcc: c@d.test,\n c@d.test\nReceived: x\nX-MS-Exchange-Y: z\nResent-To: q@r.test\n",
    "a@b.test",
    ["c@d.test"],
    `From: a@b.test\r\nTo: Undisclosed recipients:;\r\n${tail}`,
  ],
  [
    "From: a@b.test\nTo: g: c@d.test;\nDate: d\nmessage-id: <2@x>\n",
    "a@b.test",
    ["c@d.test"],
    "From: a@b.test\r\nTo: g: c@d.test;\r\nDate: d\r\nmessage-id: <2@x>\r\n\r\n",
  ],
  [
    "From: ü@b.test\nTo: é@d.test\nDate: d\nMessage-ID: <2@x>",
    "ü@b.test",
    ["é@d.test"],
    "From: ü@b.test\r\nTo: é@d.test\r\nDate: d\r\nMessage-ID: <2@x>\r\n\r\n",
  ],
])("%j", (text, sender, recipients, header) => {
  expect(read(text)).toEqual({ ok: true, sender, recipients, header });
});

test.each([
  ["To: c@d.test\n", "it has neither From nor Sender"],
  ["From: a@b.test\n", "it has no recipients in To, Cc or Bcc"],
  [
    "From: a@b.test, x@b.test\nTo: c@d.test\n",
    "From has several addresses, so that Sender must say which sends",
  ],
  ["Sender: a@b.test, x@b.test\nTo: c@d.test\n", "Sender has more than one address"],
  ["From: a@b.test\nTo: c@d.test\nhello there\n", "a line of its header is no field: “hello there”"],
  ["From: a@b.test\nTo: c@d.test, nobody at all\n", "an address of to cannot be read"],
  ["From: a@b.test\nTo: c@d.test\rBcc: evil@x.test\n", "a line of its header ends in CR alone"],
  ["", "it has neither From nor Sender"],
])("%j: %s", (text, fault) => {
  expect(read(text)).toEqual({ ok: false, fault });
});

test("no more recipients than the setting says", () => {
  const text = "From: a@b.test\nTo: 1@d.test, 2@d.test, 1@d.test\n";
  expect(read(text, 2)).toMatchObject({ ok: true, recipients: ["1@d.test", "2@d.test"] });
  expect(read(text, 1)).toEqual({
    ok: false,
    fault: "it has 2 recipients, and pickupDirectoryMaxRecipientsPerMessage is 1",
  });
});
