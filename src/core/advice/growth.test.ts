import { expect, test } from "vitest";
import { grown, growthPerWeek } from "./growth.ts";

const weekMs = 7 * 86_400_000;
const lastMs = 100 * weekMs;
/** The highest of each week, the latest last; each week has a lower day too. */
const weeks = (...values: readonly number[]) =>
  values.flatMap((value, index) => {
    const day = lastMs - (values.length - 1 - index) * weekMs;
    return [
      { day, value },
      { day: day - weekMs + 1, value: value / 2 },
    ];
  });

test.each<[string, ReturnType<typeof weeks>, number]>([
  ["two weeks tell nothing", weeks(100, 120), 0],
  ["nothing tells nothing", [], 0],
  ["by a tenth of the last a week", weeks(80, 90, 100), 0.1],
  ["by what the last comes to on the line", weeks(80, 100, 90), 5 / 95],
  ["by a twentieth", weeks(90, 95, 100), 0.05],
  ["by less, which is chance", weeks(90.2, 95.1, 100), 0],
  ["by a quarter at most", weeks(10, 50, 100), 0.25],
  ["it shrinks", weeks(100, 90, 80), 0],
  ["nothing came for weeks", weeks(0, 0, 0), 0],
])("%s", (_, days, part) => {
  expect(growthPerWeek(days, lastMs)).toBeCloseTo(part, 10);
});

test("what is behind the end is of the last week", () => {
  const late = [...weeks(80, 90, 95), { day: lastMs + weekMs, value: 100 }];
  expect(growthPerWeek(late, lastMs)).toBeCloseTo(0.1, 10);
});

test("four weeks ahead", () => {
  expect([grown(100, 0.1), grown(100, 0)]).toEqual([140, 100]);
});
