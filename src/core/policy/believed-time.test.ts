import { expect, test } from "vitest";
import { believedTime, leapText, type BelievedTime } from "./believed-time.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const at = Date.UTC(2026, 10, 30);

/** Each step: hours that the relay ran, and how far the clock on the wall is ahead then. Told: days that time is believed to be ahead. */
test.each<[string, readonly (readonly [ran: number, aheadDays: number])[], readonly string[]]>([
  [
    "it goes on",
    [
      [1, 0],
      [48, 0],
    ],
    ["0", "0"],
  ],
  [
    "it is set by a little, either way",
    [
      [1, 0.1],
      [1, -0.1],
    ],
    ["0.1", "-0.1"],
  ],
  [
    "the relay was off for a weekend",
    [
      [0, 2.6],
      [1, 2.6],
    ],
    ["2.6", "2.6"],
  ],
  [
    "40 days ahead for six hours",
    [
      [1, 40],
      [5, 40],
      [1, 0],
    ],
    ["0?", "0?", "0"],
  ],
  [
    "40 days ahead for good, or the relay was off for so long",
    [
      [0, 40],
      [71, 40],
      [1, 40],
    ],
    ["0?", "0?", "40"],
  ],
  [
    "in 2020 for six hours",
    [
      [1, -2200],
      [5, -2200],
      [1, 0],
    ],
    ["0?", "0?", "0"],
  ],
  [
    "leaping again begins to wait again",
    [
      [1, 40],
      [70, 40],
      [1, 80],
      [2, 80],
      [72, 80],
    ],
    ["0?", "0?", "0?", "0?", "80"],
  ],
  [
    "it slips a little while it is doubted",
    [
      [1, 40],
      [70, 40],
      [2, 40.1],
    ],
    ["0?", "0?", "40.1"],
  ],
])("%s", (_, steps, expected) => {
  let time: BelievedTime = { atMs: at };
  let ran = 0;
  const told = steps.map(([hours, aheadDays]) => {
    ran += hours;
    const trueMs = at + ran * hourMs;
    time = believedTime(time, hours * hourMs, trueMs + aheadDays * dayMs);
    return `${Math.round((time.atMs - trueMs) / (dayMs / 10)) / 10 || 0}${time.doubt === undefined ? "" : "?"}`;
  });
  expect(told).toEqual(expected);
});

test.each([
  [40, "40 days ahead of"],
  [-4, "4 days behind"],
  [-2_190, "6 years behind"],
])("%s days", (days, text) => {
  expect(leapText({ aheadMs: days * dayMs, heldMs: 0 })).toBe(text);
});
