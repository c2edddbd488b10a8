import { describe, expect, it, test } from "vitest";
import { UsageRing } from "./usage-ring.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

describe("UsageRing", () => {
  it("keeps peaks for a day, and a value that lasts in every slot", () => {
    const ring = new UsageRing(minuteMs, 0);
    ring.raise(0, 9);
    ring.raise(minuteMs, 4);
    ring.hold(2 * minuteMs, 2);
    expect(ring.highestLastHour(hourMs)).toBe(9);
    expect(ring.highestLastHour(hourMs + minuteMs)).toBe(4);
    expect(ring.highestLastDay(dayMs - 1)).toBe(9);
    expect(ring.highestLastDay(dayMs)).toBe(4);
    expect(ring.highestLastDay(9 * dayMs)).toBe(2);
  });

  it("keeps sums for a day", () => {
    const ring = new UsageRing(minuteMs, 0);
    ring.add(0, 5);
    ring.add(minuteMs, 4);
    ring.add(minuteMs, 1);
    expect([ring.sumLastHour(hourMs), ring.sumLastDay(hourMs)]).toEqual([10, 10]);
    expect(ring.sumLastHour(hourMs + minuteMs)).toBe(5);
    expect(ring.sumLastDay(dayMs)).toBe(5);
    expect(ring.sumLastDay(dayMs + minuteMs)).toBe(0);
  });
});

describe.each([1_000, minuteMs, 15 * minuteMs, hourMs])("slots of %d ms", (slotMs) => {
  test.each([
    [0, 7, 7],
    [hourMs + slotMs - 1, 7, 7],
    [hourMs + slotMs, 0, 7],
    [dayMs - 1, 0, 7],
    [dayMs, 0, 0],
  ])("%d ms later", (passedMs, lastHour, lastDay) => {
    const startMs = 500 * dayMs;
    const peaks = new UsageRing(slotMs, startMs);
    peaks.raise(startMs, 7);
    const sums = new UsageRing(slotMs, startMs);
    sums.add(startMs, 7);
    const nowMs = startMs + passedMs;
    expect([peaks.highestLastHour(nowMs), peaks.highestLastDay(nowMs)]).toEqual([lastHour, lastDay]);
    expect([sums.sumLastHour(nowMs), sums.sumLastDay(nowMs)]).toEqual([lastHour, lastDay]);
  });
});
