import { expect, test } from "vitest";
import {
  isDelayReportDue,
  isExpired,
  latestPlausibleDueAt,
  messageRetryDelayMs,
  queueRetryDelayMs,
  type TransportSettings,
} from "./retry-schedule.ts";

const minute = 60_000;
const settings: TransportSettings = {
  queueGlitchRetryCount: 4,
  queueGlitchRetryInterval: minute,
  transientFailureRetryCount: 6,
  transientFailureRetryInterval: 5 * minute,
  outboundConnectionFailureRetryInterval: 10 * minute,
  messageRetryInterval: 15 * minute,
  delayNotificationTimeout: 240 * minute,
  messageExpirationTimeout: 2880 * minute,
  maxOutboundConnections: 1000,
  retryJitter: 0.1,
};

test.each([
  [1, 1],
  [4, 1],
  [5, 5],
  [10, 5],
  [11, 10],
  [1000, 10],
])("failure %i rests %i minutes", (failures, minutes) => {
  expect(queueRetryDelayMs(failures, settings, 0.5)).toBe(minutes * minute);
});

test.each([
  ["no glitch retries", { queueGlitchRetryCount: 0 }, 5],
  ["no retries but the last kind", { queueGlitchRetryCount: 0, transientFailureRetryCount: 0 }, 10],
])("%s", (_why, changes, minutes) => {
  expect(queueRetryDelayMs(1, { ...settings, ...changes }, 0.5)).toBe(minutes * minute);
});

test.each([
  [0, 0.9],
  [0.5, 1],
  [0.999999999, 1.1],
])("jitter at random %d is a factor of %d", (random, factor) => {
  expect(messageRetryDelayMs(settings, random)).toBeCloseTo(15 * minute * factor, -1);
});

test("a zero interval still lets other work pass", () => {
  expect(messageRetryDelayMs({ ...settings, messageRetryInterval: 0 }, 0)).toBe(1);
});

test("delay and expiry begin at their very millisecond", () => {
  const arrived = 1_000_000;
  expect(isDelayReportDue(arrived, arrived + 240 * minute - 1, settings)).toBe(false);
  expect(isDelayReportDue(arrived, arrived + 240 * minute, settings)).toBe(true);
  expect(isExpired(arrived, arrived + 2880 * minute - 1, settings)).toBe(false);
  expect(isExpired(arrived, arrived + 2880 * minute, settings)).toBe(true);
});

test("every due time set by the schedule is plausible", () => {
  expect(messageRetryDelayMs({ ...settings, retryJitter: 1 }, 0.999)).toBeLessThanOrEqual(
    latestPlausibleDueAt(0, settings),
  );
});
