import * as fc from "fast-check";
import { expect, test } from "vitest";
import { buildReport } from "./report.ts";
import type { ReportInput } from "./report-input.ts";
import { reportedWords, smallestReport } from "./smallest-report.ts";

const date = new Date(Date.UTC(2026, 0, 15));
const input: ReportInput = {
  kind: "failed",
  hostname: "relay.test",
  from: "postmaster@relay.test",
  to: "app@sender.test",
  date,
  messageId: "<7.failed@relay.test>",
  arrivalDate: date,
  recipients: [{ finalRecipient: "gone@x.test", status: "5.1.1" }],
  original: {
    extent: "full",
    octets: Buffer.from("Subject: a\r\n\r\nbody\r\n"),
    subject: `Invoice ${"long ".repeat(40)}`,
    messageId: "<1@app.test>",
  },
};

test("is the report without its original and that one's Subject, and is the smallest there is", () => {
  const whole = buildReport(input).content;
  const small = smallestReport(whole, "<8@relay.test>") ?? Buffer.alloc(0);
  const without = buildReport({
    ...input,
    messageId: "<8@relay.test>",
    original: undefined,
  }).content.toString();
  const expected = without
    .replace("Subject: Undeliverable: (no subject)", "Subject: Undeliverable: your message")
    .replace("MIME-Version", "In-Reply-To: <1@app.test>\r\nReferences: <1@app.test>\r\nMIME-Version")
    .replaceAll("=_8relaytest_0", "=_7failedrelaytest_0");
  const sorted = (text: string): string[] => text.split("\r\n").sort();
  expect(sorted(small.toString())).toEqual(sorted(expected));
  expect(smallestReport(small, "<9@relay.test>")).toBeUndefined();
});

test("what it was to tell", () => {
  const recipients = Array.from({ length: 12 }, (_, n) => ({
    finalRecipient: `r${n}@x.test`,
    status: "5.7.1",
  }));
  expect(reportedWords(buildReport(input).content)).toBe(
    " It was the report on message <1@app.test> to gone@x.test (failed 5.1.1).",
  );
  expect(reportedWords(buildReport({ ...input, recipients }).content)).toMatch(
    /r9@x\.test \(failed 5\.7\.1\), 2 more\.$/,
  );
});

test("anything else is left alone", () => {
  for (const text of [
    "",
    "\r\n\r\n",
    'Content-Type: multipart/report;\r\n boundary="b"\r\n\r\n\r\n--b--\r\n',
  ]) {
    expect(smallestReport(Buffer.from(text), "<8@relay.test>")).toBeUndefined();
    expect(reportedWords(Buffer.from(text))).toBe("");
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      expect(smallestReport(Buffer.from(octets), "<8@relay.test>")).toBeUndefined();
    }),
  );
});
