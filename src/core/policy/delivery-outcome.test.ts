import { describe, expect, test } from "vitest";
import type { Notify } from "../message/envelope.ts";
import {
  afterAttempt,
  isOverdue,
  whileWaiting,
  type AttemptOutcome,
  type Waiting,
} from "./delivery-outcome.ts";
import type { TransportSettings } from "./retry-schedule.ts";

const hour = 3_600_000;
const settings: TransportSettings = {
  queueGlitchRetryCount: 4,
  queueGlitchRetryInterval: 60_000,
  transientFailureRetryCount: 6,
  transientFailureRetryInterval: 300_000,
  outboundConnectionFailureRetryInterval: 600_000,
  messageRetryInterval: 900_000,
  delayNotificationTimeout: 4 * hour,
  messageExpirationTimeout: 48 * hour,
  maxOutboundConnections: 1000,
  retryJitter: 0,
};

const notify = (words: string): Notify | undefined =>
  words === ""
    ? undefined
    : {
        never: words === "NEVER",
        success: words.includes("SUCCESS"),
        failure: words.includes("FAILURE"),
        delay: words.includes("DELAY"),
      };
const waiting = (words = "", changes: Partial<Waiting> = {}): Waiting => ({
  reversePath: "app@example.test",
  notify: notify(words),
  arrivedAt: 0,
  delayReported: false,
  unconfirmed: 0,
  ...changes,
});

const verdict = { status: "2.0.0", text: "250 2.0.0 OK", fromPeer: true };
const delivered: AttemptOutcome = { kind: "delivered", verdict, dsnRelayed: false };
const busy: AttemptOutcome = {
  kind: "transient",
  verdict: { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true },
};
const unknown: AttemptOutcome = {
  kind: "permanent",
  verdict: { status: "5.1.1", text: "550 5.1.1 User unknown", fromPeer: true },
};

// NOTIFY: success by drop, success by relay, success with the request relayed, failure, delay after four hours
test.each([
  ["", undefined, undefined, undefined, true, true],
  ["NEVER", undefined, undefined, undefined, false, false],
  ["SUCCESS", "delivered", "relayed", undefined, false, false],
  ["FAILURE", undefined, undefined, undefined, true, false],
  ["DELAY", undefined, undefined, undefined, false, true],
  ["FAILURE,DELAY", undefined, undefined, undefined, true, true],
  ["SUCCESS,FAILURE,DELAY", "delivered", "relayed", undefined, true, true],
])("NOTIFY=%s", (words, dropped, relayed, handedOver, failure, delay) => {
  const state = waiting(words);
  expect(afterAttempt(delivered, state, true, 1, settings, 0)).toEqual({ kind: "done", report: dropped });
  expect(afterAttempt(delivered, state, false, 1, settings, 0)).toEqual({ kind: "done", report: relayed });
  expect(afterAttempt({ ...delivered, dsnRelayed: true }, state, false, 1, settings, 0)).toEqual({
    kind: "done",
    report: handedOver,
  });
  expect(afterAttempt(unknown, state, false, 1, settings, 0)).toMatchObject({
    kind: "failed",
    report: failure,
  });
  expect(afterAttempt(busy, state, false, 5 * hour, settings, 0)).toMatchObject({
    kind: "keep",
    delayReport: delay,
    delayReported: true,
  });
});

test("the null reverse-path is never reported to", () => {
  const state = waiting("SUCCESS,FAILURE,DELAY", { reversePath: "" });
  expect(afterAttempt(delivered, state, true, 1, settings, 0)).toEqual({ kind: "done", report: undefined });
  expect(afterAttempt(unknown, state, true, 1, settings, 0)).toMatchObject({ report: false });
  expect(afterAttempt(busy, state, true, 5 * hour, settings, 0)).toMatchObject({ delayReport: false });
  expect(afterAttempt(busy, state, true, 48 * hour, settings, 0)).toMatchObject({
    report: false,
    expired: true,
  });
});

describe("a 4xx", () => {
  test("is tried again after MessageRetryInterval", () => {
    expect(afterAttempt(busy, waiting(), false, 100, settings, 0.5)).toEqual({
      kind: "keep",
      unconfirmed: 0,
      dueAt: 100 + 900_000,
      delayReport: false,
      delayReported: false,
    });
  });
  test("is warned of once", () => {
    const state = waiting("", { delayReported: true });
    expect(afterAttempt(busy, state, false, 5 * hour, settings, 0)).toMatchObject({ delayReport: false });
  });
  test("ends after MessageExpirationTimeout, its last error kept", () => {
    expect(afterAttempt(busy, waiting(), false, 48 * hour, settings, 0)).toEqual({
      kind: "failed",
      unconfirmed: 0,
      finding: {
        status: "4.4.7",
        text: "550 4.4.7 QUEUE.Expired; message expired (last error: 450 4.2.1 busy)",
        fromPeer: false,
      },
      report: true,
      expired: true,
    });
  });
});

test("waiting without an error expires with the plain text", () => {
  expect(whileWaiting(waiting(), undefined, 5, 48 * hour, settings)).toMatchObject({
    finding: { text: "550 4.4.7 QUEUE.Expired; message expired" },
  });
});

test.each([
  [4 * hour - 1, false, false],
  [4 * hour, false, true],
  [4 * hour, true, false],
  [48 * hour, true, true],
])("at %i ms, delays reported %s: overdue %s", (now, reported, overdue) => {
  expect(isOverdue(0, reported, now, settings)).toBe(overdue);
});

describe("content that was taken, and whose answer is lost", () => {
  const lost: AttemptOutcome = {
    kind: "transient",
    verdict: { status: "4.4.2", text: "the connection was closed", fromPeer: false },
    unconfirmed: true,
  };
  test.each([
    [0, 30],
    [1, 60],
    [2, 120],
    [3, 240],
    [4, 480],
  ])("for %i times before waits %i minutes", (unconfirmed, minutes) => {
    expect(afterAttempt(lost, waiting("", { unconfirmed }), false, 0, settings, 0.5)).toMatchObject({
      kind: "keep",
      dueAt: minutes * 60_000,
      unconfirmed: unconfirmed + 1,
    });
  });
  test("is told after six times, and not sent again", () => {
    expect(afterAttempt(lost, waiting("", { unconfirmed: 5 }), false, 0, settings, 0.5)).toMatchObject({
      kind: "failed",
      report: true,
      finding: {
        status: "5.4.2",
        text: expect.stringContaining("may have been delivered 6 times") as string,
      },
    });
  });
  test("is remembered over a plain 4xx", () => {
    expect(afterAttempt(busy, waiting("", { unconfirmed: 2 }), false, 0, settings, 0.5)).toMatchObject({
      kind: "keep",
      dueAt: 900_000,
      unconfirmed: 2,
    });
  });
});
