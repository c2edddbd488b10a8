import { describe, expect, it, test } from "vitest";
import {
  countIn,
  dayAllowsAt,
  freesNextAt,
  quarterMs,
  quarterOf,
  usedIn,
  usedUpAt,
  withoutFuture,
} from "./recipients-day.ts";

const day = 24 * 60 * 60_000;
const start = 1000 * day;
const at = (...counts: readonly [afterMs: number, recipients: number][]) => {
  const made = new Map<number, number>();
  for (const [afterMs, recipients] of counts) countIn(made, quarterOf(start + afterMs), recipients);
  return made;
};

describe("the recipients of 24 hours", () => {
  test.each([
    ["at once", 0, 100],
    ["until the last of the quarter is a day old", day + quarterMs - 1, 100],
    ["and no longer", day + quarterMs, 0],
  ])("count %s", (_, afterMs, used) => {
    expect(usedIn(at([0, 100]), start + afterMs)).toBe(used);
  });

  test.each([
    ["there is room", 10, 200, 0],
    ["just enough", 50, 150, 0],
    ["the first quarter has to be free", 51, 150, day + quarterMs],
    ["the second, too", 111, 150, day + 2 * quarterMs],
    ["more than the limit waits for an empty day", 151, 150, day + 2 * quarterMs],
  ])("allow more: %s", (_, recipients, limit, afterMs) => {
    const used = at([0, 60], [quarterMs, 40]);
    expect(dayAllowsAt(used, recipients, limit, start + quarterMs) - start).toBe(afterMs || quarterMs);
  });

  it("allow more than the limit at once when nothing is counted", () => {
    expect(dayAllowsAt(new Map(), 500, 100, start)).toBe(start);
  });
  it("tell when the first are free", () => {
    expect(freesNextAt(at([quarterMs, 1], [0, 1]), start)).toBe(start + day + quarterMs);
    expect(freesNextAt(new Map(), start)).toBeUndefined();
  });
  // Seen at the end of the fourth quarter.
  test.each<[string, [number, number][], number, number | undefined]>([
    [
      "at the pace of the hour",
      [
        [0, 10],
        [3, 20],
      ],
      90,
      2 * 4 * quarterMs,
    ],
    [
      "with more used before",
      [
        [-8, 50],
        [3, 30],
      ],
      110,
      4 * quarterMs,
    ],
    ["not when nothing went within the hour", [[-8, 90]], 100, undefined],
    ["not when it is reached", [[3, 100]], 100, undefined],
    ["not when the first are free before", [[0, 1]], 10_000, undefined],
  ])("reach the limit %s", (_, counts, limit, afterMs) => {
    const now = start + 4 * quarterMs - 1;
    const used = at(...counts.map(([quarter, count]): [number, number] => [quarter * quarterMs, count]));
    expect(usedUpAt(used, limit, now)).toBe(
      afterMs && now + (afterMs * (4 * quarterMs - 1)) / (4 * quarterMs),
    );
  });
  it("are taken back, and none is left behind", () => {
    const used = at([0, 5]);
    countIn(used, start, -5);
    expect(used.size).toBe(0);
  });
  it("are never of times to come", () => {
    const used = withoutFuture(at([day, 5], [0, 1]), start);
    expect([...used]).toEqual([[start, 6]]);
  });
});
