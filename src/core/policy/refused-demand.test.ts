import { expect, test } from "vitest";
import { nothingRefused, oneMoreRefused, refusedStillThere } from "./refused-demand.ts";

const e = Math.exp;

test.each([
  ["nothing was refused", 0, 0, 1000, 1],
  ["at that moment", 3, 0, 1000, 3],
  ["after the mean duration", 3, 1000, 1000, 3 * e(-1)],
  ["a clock that stood still", 3, -5, 1000, 3],
  ["no connection has ended yet", 3, 60_000, undefined, 3 * e(-1)],
  ["connections for hours count for a minute", 3, 60_000, 3_600_000, 3 * e(-1)],
  ["connections of no time count for a millisecond", 3, 1, 0, 3 * e(-1)],
])("%s", (_, count, laterMs, meanMs, left) => {
  const found = refusedStillThere({ count, atMs: 500 }, 500 + laterMs, meanMs);
  expect(found).toBeCloseTo(count === 0 ? 0 : left, 9);
});

test("one more comes to those that are still there", () => {
  const first = oneMoreRefused(nothingRefused, 5_000, 1_000);
  expect(first).toEqual({ count: 1, atMs: 5_000 });
  const second = oneMoreRefused(first, 6_000, 1_000);
  expect(second.count).toBeCloseTo(1 + e(-1), 9);
  expect(second.atMs).toBe(6_000);
});
