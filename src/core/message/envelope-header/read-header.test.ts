import { expect, test } from "vitest";
import { readEnvelopeHeader } from "./read-header.ts";

const read = (...lines: string[]) => {
  const found = readEnvelopeHeader(Buffer.from(lines.map((line) => `${line}\r\n`).join("")));
  return found.ok ? { ...found, header: found.header.toString() } : found.fault;
};

test("recipients of To, Cc and Bcc get it once; Bcc does not leave", () => {
  expect(
    read(
      "From: App <app@a.test>",
      "To: b@b.test",
      "CC: c@b.test, b@b.test",
      "BCC: d@b.test",
      "Bcc: e@b.test",
    ),
  ).toEqual({
    ok: true,
    sender: "app@a.test",
    recipients: ["b@b.test", "c@b.test", "d@b.test", "e@b.test"],
    header: "From: App <app@a.test>\r\nTo: b@b.test\r\nCC: c@b.test, b@b.test\r\n\r\n",
  });
});

test("with Bcc alone the others are undisclosed (RFC 5322 §3.6.3)", () => {
  expect(read("From: app@a.test", "Bcc: d@b.test")).toMatchObject({
    recipients: ["d@b.test"],
    header: "From: app@a.test\r\nTo: undisclosed-recipients:;\r\n\r\n",
  });
});

test.each([
  ["Sender speaks for several authors", ["From: a@a.test, b@a.test", "Sender: c@a.test"], "c@a.test"],
  ["several authors without one are nobody", ["From: a@a.test, b@a.test"], undefined],
  ["no author", ["Subject: x"], undefined],
])("%s", (_, lines, sender) => {
  expect(read(...lines, "To: b@b.test")).toMatchObject({ sender });
});

test.each([
  [["From: a@a.test\rTo: b@b.test"], "CR alone"],
  [["From: a@a.test", "no field"], "no field"],
  [["Resent-To: b@b.test"], "resent"],
  [["To: b@b.test", "Cc: <<"], "an address of cc"],
])("%j cannot be its envelope", (lines, fault) => {
  expect(read(...lines)).toContain(fault);
});
