import { expect, test } from "vitest";
import {
  nothingRefused,
  oneMoreRefused,
  placeFreed,
  refusedStillThere,
  type RefusedDemand,
} from "./refused-demand.ts";

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
  const found = refusedStillThere({ count, atMs: 500, burst: 0, burstSinceMs: 0 }, 500 + laterMs, meanMs);
  expect(found).toBeCloseTo(count === 0 ? 0 : left, 9);
});

test("one more comes to those that are still there", () => {
  const first = oneMoreRefused(nothingRefused, 5_000, 1_000);
  expect(first).toEqual({ count: 1, atMs: 5_000, burst: 1, burstSinceMs: 5_000 });
  const second = oneMoreRefused(first, 6_000, 1_000);
  expect(second.count).toBeCloseTo(1 + e(-1), 9);
  expect(second.atMs).toBe(6_000);
});

/** Refusals at these instants, after connections that lasted 10 ms each. */
const refusedAt = (...atMs: number[]): RefusedDemand =>
  atMs.reduce((demand, at) => oneMoreRefused(demand, at, 10), nothingRefused);
const every = (count: number, apartMs: number): number[] =>
  Array.from({ length: count }, (_, n) => 1_000 + n * apartMs);

test.each([
  ["130 in 35 ms", every(130, 35 / 130), 130],
  ["a client that tries again each second", every(60, 1_000), 1],
  ["a burst behind a refusal long past", [0, ...every(50, 1)], 50],
  ["a burst that goes on counts by the second", every(100, 50), 20],
])("%s: that many were there at once", (_, instants, most) => {
  const last = instants.at(-1) ?? 0;
  expect(Math.round(refusedStillThere(refusedAt(...instants), last, 10))).toBe(most);
});

test("a connection that ends ends the burst: its place was free", () => {
  const demand = placeFreed(refusedAt(...every(130, 0.1)));
  expect(refusedStillThere(oneMoreRefused(demand, 1_200, 10), 1_200, 10)).toBeLessThan(2);
  expect(placeFreed(nothingRefused)).toBe(nothingRefused);
});
