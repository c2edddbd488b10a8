/** What a decision on a recipient tells the event log and the tracking log. */
import { expect, test } from "vitest";
import type { EventName } from "../../events/catalogue.ts";
import type { Events } from "../../events/events.ts";
import { unreachableQueue, type Claim } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { TrackingEntry } from "../../tracking/tracking.ts";
import { tellDecision, timeText } from "./decision-events.ts";
import type { Decision } from "./decisions.ts";
import { trackDecision, trackDeferred, trackDelivered, trackReport } from "./track-delivery.ts";

const finding = { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true };
const keep = { kind: "keep", unconfirmed: 0, delayReport: false, delayReported: false } as const;
const failed = { kind: "failed", finding, report: true, expired: false, unconfirmed: 0 } as const;

function told(changes: Partial<Decision>, claimed: Partial<Claim> = {}, reversePath = "app@a.test") {
  const clock = createFakeClock();
  const events: [string, object][] = [];
  const lines: TrackingEntry[] = [];
  const claim = {
    ...testClaim({ recipients: ["a@b.test", "b@b.test"], envelope: { reversePath } }),
    ...claimed,
  };
  const decision: Decision = {
    state: { index: 1, attempts: 0, delayReported: false },
    step: { ...keep, dueAt: clock.now() + 60_000 },
    finding,
    host: "mx",
    queue: "Out;mx",
    attempted: 1,
    ...changes,
  };
  const sink = {
    wants: () => true,
    emit: (name: EventName, fields: object) => void events.push([name, fields]),
  } as unknown as Events;
  tellDecision(sink, clock, claim, decision, "Out");
  trackDecision({ enabled: true, track: (line) => void lines.push(line) }, claim, decision, "Out");
  return { id: claim.message.id, events, lines, line: lines[0] };
}

const done = { kind: "done", report: undefined } as const;
const removed = { removed: true, step: failed } as const;

test.each<[string, Partial<Decision>, string[], string]>([
  ["delivered", { step: done }, ["MessageDelivered"], "SEND SMTP"],
  ["refused", { step: failed }, ["DeliveryFailed"], "FAIL SMTP"],
  ["refused without an attempt", { step: failed, attempted: 0 }, ["DeliveryFailed"], "FAIL ROUTING"],
  ["expired", { step: { ...failed, expired: true } }, ["DeliveryFailed"], "EXPIRE QUEUE"],
  ["put off", {}, ["DeliveryDeferred"], "DEFER SMTP"],
  ["kept without an attempt", { attempted: 0 }, [], ""],
  [
    "unconfirmed",
    { step: { ...keep, dueAt: 0, unconfirmed: 1 } },
    ["DeliveryUnconfirmed", "DeliveryDeferred"],
    "DEFER SMTP",
  ],
  [
    "no more unconfirmed than before",
    {
      step: { ...keep, dueAt: 0, unconfirmed: 1 },
      state: { index: 1, attempts: 1, delayReported: false, unconfirmed: 1 },
    },
    ["DeliveryDeferred"],
    "DEFER SMTP",
  ],
  [
    "unconfirmed and given up",
    { step: { ...failed, unconfirmed: 3 } },
    ["DeliveryUnconfirmed", "DeliveryFailed"],
    "FAIL SMTP",
  ],
  ["unreachable", { queue: unreachableQueue, attempted: 0 }, ["RecipientUnreachable"], "DEFER ROUTING"],
  ["removed", removed, [], "DROP ADMIN"],
])("%s", (_, changes, events, line) => {
  const found = told(changes);
  expect(found.events.map(([name]) => name)).toEqual(events);
  expect(found.lines.map(({ eventId, source }) => `${eventId} ${source}`).join()).toBe(line);
  for (const [, fields] of found.events)
    expect(fields).toMatchObject({ id: found.id, recipient: "b@b.test" });
  for (const one of found.lines)
    expect(one).toMatchObject({
      recipients: ["b@b.test"],
      connector: "Out",
      host: "mx",
      status: finding.text,
    });
});

test("that waits on as unreachable is no news", () => {
  const found = told({ queue: unreachableQueue, attempted: 0 }, { queue: unreachableQueue });
  expect([found.events, found.lines]).toEqual([[], []]);
});

test("a null reverse-path is told nothing, and that is told", () => {
  const found = told({ step: failed }, {}, "");
  expect(found.events.map(([name]) => name)).toEqual(["DeliveryFailed", "DsnSuppressed"]);
  expect(found.line).toMatchObject({
    eventId: "DROP",
    context: expect.stringContaining("null reverse-path") as string,
  });
  expect(told({ step: failed }).line).not.toHaveProperty("context");
});

test("fields", () => {
  expect(told({ step: done }).events[0]?.[1]).toMatchObject({
    host: "mx",
    recipients: 1,
    connector: "Out",
    reply: finding.text,
    sender: "app@a.test",
  });
  expect(told({}).events[0]?.[1]).toMatchObject({
    nextAttempt: "2026-01-15T09:01:00.000Z",
    connector: "Out",
    error: finding.text,
    host: "mx",
  });
  expect(told({ step: failed }).events[0]?.[1]).toMatchObject({
    sender: "app@a.test",
    error: finding.text,
    connector: "Out",
    host: "mx",
  });
  expect(told({ step: { ...keep, dueAt: 0, unconfirmed: 2 } }).events[0]?.[1]).toMatchObject({
    times: 2,
    error: finding.text,
    connector: "Out",
    host: "mx",
  });
});

test("an instant as wall time, whatever the steady clock stands at", () => {
  const clock = { ...createFakeClock(), now: () => 5_000, wall: () => new Date("2026-01-01T00:00:10Z") };
  expect([timeText(clock, 5_000), timeText(clock, 4_000), timeText(clock, 65_000)]).toEqual([
    "2026-01-01T00:00:10.000Z",
    "2026-01-01T00:00:09.000Z",
    "2026-01-01T00:01:10.000Z",
  ]);
});

test("lines on whole claims", () => {
  const lines: TrackingEntry[] = [];
  const tracking = { enabled: true, track: (line: TrackingEntry) => void lines.push(line) };
  const all = testClaim({ recipients: ["a@b.test", "b@b.test"] });
  const some = { ...all, recipients: all.recipients.slice(1) };
  trackDelivered(tracking, all, "mx", "Out", "250 ok");
  trackDelivered(tracking, some, "mx", "Out", "250 ok");
  trackDeferred(tracking, some, "refused", undefined, "Out");
  const failure = {
    finalRecipient: "b@b.test",
    status: "5.1.1",
    diagnostic: { text: "550 no", fromPeer: true },
  };
  trackReport(tracking, all, "failed", [failure], "<r@relay>");
  trackReport(tracking, all, "failed", [failure, { ...failure, finalRecipient: "a@b.test" }], "<r@relay>");
  expect(lines[0]).not.toHaveProperty("recipients");
  expect(lines).toMatchObject([
    { eventId: "SEND", source: "SMTP", status: "250 ok", connector: "Out", host: "mx" },
    { eventId: "SEND", source: "SMTP", recipients: ["b@b.test"] },
    { eventId: "DEFER", source: "SMTP", recipients: ["b@b.test"], status: "refused", connector: "Out" },
    {
      eventId: "DSN",
      source: "DSN",
      recipients: ["b@b.test"],
      status: "550 no",
      context: "failed",
      reference: "<r@relay>",
    },
    { eventId: "DSN", recipients: ["b@b.test", "a@b.test"], status: undefined },
  ]);
});
