import { expect, test } from "vitest";
import { messageSteps } from "./message-lines.ts";
import type { TrackedMessage, TrackingEntry } from "./tracking-entry.ts";

const message: TrackedMessage = {
  id: 4711,
  arrivedAt: 0,
  envelope: {
    reversePath: "a@a.test",
    recipients: [{ forwardPath: "b@b.test" }, { forwardPath: "c@b.test" }],
  },
  origin: { connector: "A", sourceAddress: "10.0.0.1", helloName: "app.test", sessionId: "1" },
  content: { sizeBytes: 1234, messageId: "<x@app.test>", subject: "s" },
};
const entry = (given: Partial<TrackingEntry> & Pick<TrackingEntry, "eventId">): TrackingEntry => ({
  source: "SMTP",
  message,
  ...given,
});
const lines = (of: TrackingEntry, latencyMs = 1234): string[] =>
  messageSteps(of, latencyMs).map(({ part, text }) => `${part}: ${text}`);

test.each<[string, TrackingEntry, string[]]>([
  [
    "received",
    entry({ eventId: "RECEIVE" }),
    [
      "smtpd: 4711: client=app.test[10.0.0.1], message-id=<x@app.test>",
      "qmgr: 4711: from=<a@a.test>, size=1234, nrcpt=2 (queue active)",
    ],
  ],
  [
    "a file",
    entry({ eventId: "RECEIVE", source: "PICKUP" }),
    ["pickup: 4711: sender=<a@a.test>", "qmgr: 4711: from=<a@a.test>, size=1234, nrcpt=2 (queue active)"],
  ],
  [
    "taken",
    entry({ eventId: "SEND", status: "250 2.1.5 ok (queued)", host: "mx.b.test" }),
    ["b@b.test", "c@b.test"].map(
      (to) =>
        `smtp: 4711: to=<${to}>, relay=mx.b.test, delay=1.23, dsn=2.1.5, status=sent (250 2.1.5 ok [queued])`,
    ),
  ],
  [
    "put off, without a status code of its own",
    entry({ eventId: "DEFER", recipients: ["b@b.test"], status: "connection refused" }),
    ["smtp: 4711: to=<b@b.test>, relay=none, delay=1.23, dsn=4.0.0, status=deferred (connection refused)"],
  ],
  [
    "refused for good",
    entry({ eventId: "FAIL", recipients: ["b@b.test"], status: "550 5.1.1 no", host: "h" }),
    ["smtp: 4711: to=<b@b.test>, relay=h, delay=1.23, dsn=5.1.1, status=bounced (550 5.1.1 no)"],
  ],
  [
    "a report",
    entry({ eventId: "DSN", source: "DSN", context: "failed", reference: "<r@relay.test>" }),
    ["bounce: 4711: sender non-delivery notification: <r@relay.test>"],
  ],
  [
    "a warning",
    entry({ eventId: "DSN", source: "DSN", context: "delayed", reference: "<r@relay.test>" }),
    ["bounce: 4711: sender delay notification: <r@relay.test>"],
  ],
  [
    "a report that all is well",
    entry({ eventId: "DSN", source: "DSN", context: "relayed" }),
    ["bounce: 4711: sender delivery status notification: "],
  ],
  [
    "handed in again",
    entry({ eventId: "DUPLICATE", status: "250 2.6.0 <x@app.test> Queued", context: "not this" }),
    ["qmgr: 4711: duplicate: 250 2.6.0 x@app.test Queued"],
  ],
  [
    "handed in again, told in words",
    entry({ eventId: "DUPLICATE", context: "k-1" }),
    ["qmgr: 4711: duplicate: k-1"],
  ],
  [
    "of nobody who is known",
    entry({ eventId: "RECEIVE", message: { id: 7 } }),
    ["smtpd: 7: client=unknown[unknown], message-id=<>", "qmgr: 7: from=<>, size=0, nrcpt=0 (queue active)"],
  ],
  ["of a damaged message", entry({ eventId: "FAIL", message: { id: 7 } }), []],
])("%s", (_, of, expected) => {
  expect(lines(of)).toEqual(expected);
});

test.each<[TrackingEntry["eventId"], string]>([
  ["SEND", "dsn=2.0.0, status=sent (told so)"],
  ["DEFER", "dsn=4.0.0, status=deferred (told so)"],
  ["TRANSFER", "dsn=4.0.0, status=rerouted (told so)"],
  ["FAIL", "dsn=5.0.0, status=bounced (told so)"],
  ["EXPIRE", "dsn=4.4.7, status=bounced (told so)"],
  ["DROP", "dsn=5.0.0, status=dropped (told so)"],
])("%s without a reply is said in words, with the code of its kind", (eventId, expected) => {
  const of = entry({ eventId, recipients: ["b@b.test"], context: "told so" });
  expect(lines(of)).toEqual([`smtp: 4711: to=<b@b.test>, relay=none, delay=1.23, ${expected}`]);
});

test.each([
  ["550-5.1.1 no", "5.1.1"],
  ["450 4.12.123 later", "4.12.123"],
  ["550 5.1.1234 no code", "5.0.0"],
  ["a 550 5.1.1 somewhere", "5.0.0"],
  ["550 no code", "5.0.0"],
])("the code of %j is %s", (status, code) => {
  const [line] = lines(entry({ eventId: "FAIL", recipients: ["b@b.test"], status, host: "" }));
  expect(line).toContain(`relay=none, delay=1.23, dsn=${code}, status=bounced`);
});

test("a clock that was set back makes no delay below nothing", () => {
  expect(lines(entry({ eventId: "SEND", recipients: ["b@b.test"] }), -5_000)[0]).toContain("delay=0.00,");
});

test("what strangers choose keeps to its field and its line", () => {
  const nasty = "x>\r\nNov  9 05:06:07 h weir/smtp[1]: 1: to=<y";
  const of = entry({
    eventId: "SEND",
    recipients: [nasty],
    host: "a, delay=9",
    status: `250 ${nasty} (fine)`,
    message: { ...message, origin: { ...message.origin!, helloName: nasty } },
  });
  for (const line of [...lines(of), ...lines({ ...of, eventId: "RECEIVE" })]) {
    expect(line).not.toMatch(/[\r\n]/);
    expect(line.indexOf("<")).toBe(line.lastIndexOf("<"));
  }
});
