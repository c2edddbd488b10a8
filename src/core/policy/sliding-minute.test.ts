import { expect, test } from "vitest";
import { SlidingMinute } from "./sliding-minute.ts";

test("what is 60 seconds old counts no more, second by second", () => {
  const minute = new SlidingMinute(100);
  const add = (second: number): void => {
    minute.totalAt(second);
    minute.add();
  };
  for (const second of [100, 100, 130, 159]) add(second);
  expect([159, 160, 189, 190, 218, 219].map((second) => minute.totalAt(second))).toEqual([4, 2, 2, 1, 1, 0]);
});

test.each([
  [4, 1],
  [3, 1],
  [2, 31],
  [1, 60],
  [5, 0],
])("fewer than %d are counted in %d seconds", (limit, seconds) => {
  const minute = new SlidingMinute(100);
  for (const second of [100, 100, 130, 159]) {
    minute.totalAt(second);
    minute.add();
  }
  expect(minute.secondsUntilBelow(limit)).toBe(seconds);
  if (seconds > 0) expect(minute.totalAt(159 + seconds - 1)).toBeGreaterThanOrEqual(limit);
  expect(minute.totalAt(159 + seconds)).toBeLessThan(limit);
});

test.each([
  [59, 1],
  [60, 0],
  [61, 0],
  [6000, 0],
])("nothing happened for %d seconds", (passed, total) => {
  const minute = new SlidingMinute(7);
  minute.add();
  expect(minute.totalAt(7 + passed)).toBe(total);
  minute.add();
  expect(minute.totalAt(7 + passed)).toBe(total + 1);
});

test("a clock that goes back forgets nothing", () => {
  const minute = new SlidingMinute(100);
  minute.add();
  expect([minute.totalAt(40), minute.totalAt(159), minute.totalAt(160)]).toEqual([1, 1, 0]);
});

test("a copy goes its own way", () => {
  const minute = new SlidingMinute(100);
  minute.add();
  const copy = minute.copy();
  copy.add();
  expect([minute, copy].map((one) => one.totalAt(159))).toEqual([1, 2]);
  minute.totalAt(160);
  expect([copy.totalAt(159), minute.totalAt(160)]).toEqual([2, 0]);
});
