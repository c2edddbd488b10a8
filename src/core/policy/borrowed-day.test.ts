import { expect, test } from "vitest";
import { BorrowedDay } from "./borrowed-day.ts";
import { quarterOf } from "./recipients-day.ts";

const quarterMs = 15 * 60_000;
const now = 100 * quarterMs + 5_000;
const quarter = quarterOf(now);
const state = (of: BorrowedDay): unknown => [of.isHolding, of.heldAt(now), Object.fromEntries(of.day)];

test("what is given is held until it is used, and counted then", () => {
  const of = new BorrowedDay();
  expect(state(of)).toEqual([false, 0, {}]);
  of.given(10, new Map([[quarter, 30]]), now);
  expect(state(of)).toEqual([true, 10, { [quarter]: 20 }]);
  const unreached = of.use(4, now);
  expect(state(of)).toEqual([true, 6, { [quarter]: 24 }]);
  unreached(3);
  expect(state(of)).toEqual([true, 9, { [quarter]: 21 }]);
  of.use(9, now);
  expect([of.isHolding, of.heldAt(now)]).toEqual([false, 0]);
});

test("one that is held at least is held", () => {
  const of = new BorrowedDay();
  of.given(1, new Map(), now);
  expect([of.isHolding, of.heldAt(now), of.heldAt(now + quarterMs)]).toEqual([true, 1, 0]);
});

test("more of the same quarter is added, and the day told anew", () => {
  const of = new BorrowedDay();
  of.given(10, new Map([[quarter - quarterMs, 7]]), now);
  of.given(5, new Map([[quarter, 40]]), now + 1);
  expect(state(of)).toEqual([true, 15, { [quarter]: 25 }]);
});

test("of a quarter that is over nothing is held, and what was not reached stays counted", () => {
  const of = new BorrowedDay();
  of.given(10, new Map([[quarter, 10]]), now);
  const unreached = of.use(4, now);
  const later = now + quarterMs;
  of.given(2, new Map([[quarter + quarterMs, 2]]), later);
  unreached(3);
  expect([of.heldAt(later), of.heldAt(now)]).toEqual([2, 0]);
});

test.each<[string, number, number, number | undefined]>([
  ["used a moment ago", 1_000, 999, undefined],
  ["not used for as long", 1_000, 1_000, 6],
  ["of a quarter that is over", Infinity, quarterMs, 6],
  ["of the same quarter", Infinity, quarterMs - 5_001, undefined],
])("given back: %s", (_, idleMs, afterMs, recipients) => {
  const of = new BorrowedDay();
  of.given(10, new Map(), now);
  of.use(4, now);
  expect(of.takeIdle(now + afterMs, idleMs)).toEqual(
    recipients === undefined ? undefined : { quarter, recipients },
  );
  expect(of.isHolding).toBe(recipients === undefined);
  expect(of.takeIdle(now + afterMs, 0)?.recipients).toBe(recipients === undefined ? 6 : undefined);
});
