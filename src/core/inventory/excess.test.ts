import { expect, test } from "vitest";
import { excessOf, usualDay } from "./excess.ts";

const days = (counts: readonly number[], hourPart = 0.2) =>
  counts.map((messages, bucket) => ({ bucket, messages, highestHour: Math.ceil(messages * hourPart) }));
const steady = [100, 110, 90, 0, 0, 100, 105, 95];

test.each<
  [
    string,
    readonly number[],
    { day: number; sinceDay: number; hourMessages: number },
    number | undefined,
    string,
  ]
>([
  ["as usual", [...steady, 120], { day: 8, sinceDay: 0, hourMessages: 25 }, undefined, "no"],
  ["nine times", [...steady, 990], { day: 8, sinceDay: 0, hourMessages: 190 }, undefined, "no"],
  [
    "ten times in a day",
    [...steady, 1_050],
    { day: 8, sinceDay: 0, hourMessages: 190 },
    undefined,
    "1050 a day, usual 100",
  ],
  [
    "ten times in an hour",
    [...steady, 300],
    { day: 8, sinceDay: 0, hourMessages: 210 },
    undefined,
    "210 a hour, usual 20",
  ],
  [
    "in the first week",
    [...steady.slice(0, 6), 5_000],
    { day: 6, sinceDay: 0, hourMessages: 5_000 },
    undefined,
    "no",
  ],
  [
    "on few days with mail",
    [9, 0, 0, 9, 0, 0, 9, 0, 5_000],
    { day: 8, sinceDay: 0, hourMessages: 5_000 },
    undefined,
    "no",
  ],
  [
    "ten times little is little",
    [1, 1, 1, 1, 1, 1, 1, 1, 99],
    { day: 8, sinceDay: 0, hourMessages: 99 },
    undefined,
    "no",
  ],
  [
    "one such day is known",
    [...steady.slice(0, 7), 900, 1_500],
    { day: 8, sinceDay: 0, hourMessages: 190 },
    undefined,
    "no",
  ],
  [
    "ten times what was set",
    [...steady, 600],
    { day: 8, sinceDay: 8, hourMessages: 0 },
    60,
    "600 a day, set 60",
  ],
  [
    "less than ten times what was set",
    [...steady, 5_000],
    { day: 8, sinceDay: 0, hourMessages: 5_000 },
    501,
    "no",
  ],
])("%s", (_, counts, now, set, expected) => {
  const found = excessOf(days(counts), now, set);
  const text = found && `${found.messages} a ${found.per}, ${found.isSet ? "set" : "usual"} ${found.usual}`;
  expect(text ?? "no").toBe(expected);
});

test("a usual day is one with mail", () => {
  expect(usualDay(days(steady), 8)).toBe(100);
  expect(usualDay(days([5, 0, 5, 0, 5]), 5)).toBeUndefined();
});
