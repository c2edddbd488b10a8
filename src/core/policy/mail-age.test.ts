import { expect, test } from "vitest";
import { arrivalByNow, timeOffBetween, timeOffText, timesOffAtStart } from "./mail-age.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

test.each([
  [0, 0],
  [14 * hourMs, 0],
  [dayMs, 0],
  [-dayMs, 0],
  [dayMs + 1, dayMs + 1],
  [-dayMs - 1, -dayMs - 1],
  [40 * dayMs, 40 * dayMs],
  [-6 * yearMs, -6 * yearMs],
])("a start %d ms behind the last sign of life: %d do not count", (offMs, expected) => {
  expect(timeOffBetween(yearMs, yearMs + offMs)).toBe(expected);
});

/**
 * Runs one behind the other, each of six hours, and how far the clock was ahead in each; one message comes in at the end of each.
 * Told: how old each is at the beginning of the last run, in hours.
 */
test.each<[string, readonly (readonly [aheadMs: number, offMs: number])[], readonly number[]]>([
  [
    "no clock leapt",
    [
      [0, 0],
      [0, hourMs],
      [0, hourMs],
    ],
    [8, 1],
  ],
  [
    "off for four days",
    [
      [0, 0],
      [0, 4 * dayMs],
    ],
    [0],
  ],
  [
    "off for four days, and started again",
    [
      [0, 0],
      [0, 4 * dayMs],
      [0, hourMs],
    ],
    [7, 1],
  ],
  [
    "40 days ahead, twice, and right again, twice",
    [
      [0, 0],
      [40 * dayMs, 0],
      [40 * dayMs, 0],
      [0, 0],
      [0, 0],
    ],
    [18, 12, 6, 0],
  ],
  [
    "begun in 2020, then right",
    [
      [-6 * yearMs, 0],
      [0, 0],
      [0, 0],
    ],
    [6, 0],
  ],
  [
    "right, then 2020 for one run",
    [
      [0, 0],
      [-6 * yearMs, 0],
      [0, 0],
    ],
    [6, 0],
  ],
  [
    "an hour ahead, which counts; what came then is as old as the run",
    [
      [0, 0],
      [hourMs, 0],
      [0, 0],
    ],
    [6, 0],
  ],
])("%s", (_, runs, ages) => {
  const startMs = 10 * yearMs;
  let trueMs = startMs;
  let aliveAt: number | undefined;
  let known: ReturnType<typeof timesOffAtStart> = [];
  let openedAt = 0;
  const messages: number[] = [];
  for (const [aheadMs, offBeforeMs] of runs) {
    trueMs += offBeforeMs;
    openedAt = trueMs + aheadMs;
    const offMs = aliveAt === undefined ? 0 : timeOffBetween(aliveAt, openedAt);
    known = timesOffAtStart(known, { firstId: 1, lastId: messages.length, offMs });
    trueMs += 6 * hourMs;
    aliveAt = trueMs + aheadMs;
    messages.push(aliveAt);
  }
  const earlier = { lastId: messages.length - 1, openedAt, timesOff: known };
  const told = messages
    .slice(0, -1)
    .map((arrivedAt, n) => (openedAt - arrivalByNow(n + 1, arrivedAt, earlier)) / hourMs);
  expect(told).toEqual(ages);
});

test("what comes in this run is as it says", () => {
  const earlier = { lastId: 5, openedAt: 100, timesOff: [{ upTo: 5, byMs: 50 }] };
  expect([4, 5, 6].map((id) => arrivalByNow(id, 20, earlier))).toEqual([70, 70, 20]);
  expect(arrivalByNow(6, 200, earlier)).toBe(200);
});

test("what is over is forgotten: of messages that have gone, and where ids begin again", () => {
  const known = [
    { upTo: 10, byMs: 2 * dayMs },
    { upTo: 20, byMs: 3 * dayMs },
  ];
  expect(timesOffAtStart(known, { firstId: 15, lastId: 18, offMs: 0 })).toEqual([
    { upTo: 18, byMs: 3 * dayMs },
  ]);
  expect(timesOffAtStart(known, { firstId: 0, lastId: 0, offMs: 4 * dayMs })).toEqual([]);
  const many = Array.from({ length: 200 }, (_, n) => ({ upTo: n + 1, byMs: 2 * dayMs }));
  expect(timesOffAtStart(many, { firstId: 1, lastId: 300, offMs: 0 })).toHaveLength(100);
});

test.each([
  [25 * hourMs, "25 hours"],
  [-40 * dayMs, "40 days"],
  [6 * yearMs, "6 years"],
])("%d ms are %s", (offMs, text) => {
  expect(timeOffText(offMs)).toBe(text);
});
