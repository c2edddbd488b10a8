/** What the other tests of reports (report.test.ts) do not see of the part for people. */
import { describe, expect, test } from "vitest";
import { humanPart } from "./human-part.ts";
import type { ReportInput, ReportKind, ReportRecipient } from "./report-input.ts";

const recipient: ReportRecipient = {
  finalRecipient: "gone@example.test",
  orcpt: undefined,
  status: "5.1.1",
  diagnostic: { text: "550 5.1.1 User unknown", fromPeer: true },
  remoteHost: "mx.example.test",
  lastAttempt: new Date(Date.UTC(2026, 0, 15, 9, 1)),
  willRetryUntil: new Date(Date.UTC(2026, 0, 17, 9, 0)),
};
const input: ReportInput = {
  kind: "failed",
  hostname: "relay.test",
  from: "postmaster@relay.test",
  to: "app@sender.test",
  date: new Date(Date.UTC(2026, 0, 15, 9, 2)),
  messageId: "<7.failed@relay.test>",
  envid: undefined,
  arrivalDate: new Date(Date.UTC(2026, 0, 15, 9, 0)),
  receivedFrom: undefined,
  recipients: [recipient],
  original: undefined,
};
const linesOf = (changes: Partial<ReportInput>): string[] =>
  humanPart({ ...input, ...changes }).split("\r\n");
/** Between the recipient and the next empty line. */
const adviceIn = (kind: ReportKind, changes: Partial<ReportRecipient> = {}): string[] => {
  const lines = linesOf({ kind, recipients: [{ ...recipient, ...changes }] });
  const at = lines.indexOf(`  ${recipient.finalRecipient}`);
  return lines.slice(at + 1, lines.indexOf("", at));
};

test.each<[ReportKind, RegExp]>([
  ["failed", /failed/],
  ["delayed", /delayed.*need not send/],
  ["relayed", /handed on/],
  ["delivered", /was delivered/],
])("%s begins with what happened", (kind, words) => {
  expect(linesOf({ kind })[0]).toMatch(words);
});

describe("what the sender can do", () => {
  test("is said of what failed or waits, with its end", () => {
    expect(adviceIn("failed").join()).toMatch(/address/i);
    expect(adviceIn("failed").join()).not.toMatch(/go on until/);
    expect(adviceIn("delayed").at(-1)).toMatch(/go on until Sat, 17 Jan 2026 09:00/);
    expect(adviceIn("delayed", { willRetryUntil: undefined }).join()).not.toMatch(/go on until/);
  });

  test("is nothing where all is well", () => {
    expect([adviceIn("relayed"), adviceIn("delivered")]).toEqual([[], []]);
  });

  test("follows the words of the answer, too, and does without them", () => {
    const expired = { text: "4.4.7 QUEUE.Expired; message expired", fromPeer: false };
    const [known, unknown] = [expired, undefined].map((diagnostic) =>
      adviceIn("delayed", { status: "4.4.7", diagnostic, willRetryUntil: undefined }),
    );
    expect([known?.length, unknown?.length]).toEqual([2, 1]);
  });
});

test.each<[string, Partial<ReportRecipient>, string | undefined]>([
  ["a peer", {}, "  mx.example.test returned: 550 5.1.1 User unknown"],
  [
    "a peer without a name",
    { remoteHost: undefined },
    "  the remote server returned: 550 5.1.1 User unknown",
  ],
  ["this relay", { diagnostic: { text: "too old", fromPeer: false } }, "  this server found: too old"],
  ["nobody", { diagnostic: undefined }, undefined],
])("who said it: %s", (_, changes, said) => {
  const lines = linesOf({ recipients: [{ ...recipient, ...changes }] });
  const at = lines.lastIndexOf(recipient.finalRecipient);
  expect(at < 0 ? undefined : lines[at + 1]).toBe(said);
});

test.each([
  [100, undefined],
  [101, "  and 1 more, which the next part names."],
])("of %i recipients a hundred are named", (count, others) => {
  const recipients = Array.from({ length: count }, (_, n) => ({
    ...recipient,
    finalRecipient: `r${n}@x.test`,
  }));
  const lines = linesOf({ recipients });
  expect(lines.filter((line) => /^ {2}r\d+@x\.test$/.test(line))).toHaveLength(100);
  expect(lines.filter((line) => /^r\d+@x\.test$/.test(line))).toHaveLength(100);
  expect(lines.find((line) => line.startsWith("  and "))).toBe(others);
});

test("where it came from is told if known", () => {
  expect(linesOf({ receivedFrom: "app.test" })).toContain("Received from: app.test");
  expect(linesOf({ receivedFrom: "\r\n" }).join()).not.toMatch(/Received from/);
  expect(linesOf({}).join()).not.toMatch(/Received from/);
});

test.each([
  [undefined, /could not be attached/],
  ["full", /^The original message is attached/],
  ["headers", /header/],
] as const)("of the original it tells what is attached: %s", (extent, words) => {
  const original = extent && { extent, octets: Buffer.alloc(0), subject: undefined, messageId: undefined };
  expect(linesOf({ original }).at(-2)).toMatch(words);
});
