import { expect, test } from "vitest";
import { forecast } from "./send-forecast.ts";
import { countIn, quarterMs, quarterOf, type RecipientsDay } from "./recipients-day.ts";
import { paceOf } from "./send-pace.ts";

const hour = 3_600_000;
const start = 24 * 1000 * hour;
const pace = paceOf(30);
const used = (recipients: number, afterMs = 0): RecipientsDay => {
  const day: RecipientsDay = new Map();
  countIn(day, quarterOf(start + afterMs), recipients);
  return day;
};

test.each([
  ["nothing limits", { messages: 5, recipients: 5 }, undefined, undefined, used(0), undefined],
  ["nothing waits", { messages: 0, recipients: 0 }, pace, 100, used(0), 0],
  ["the pace", { messages: 2000, recipients: 2000 }, pace, undefined, used(0), 2000 * pace.intervalMs],
  [
    "the pace within the day",
    { messages: 2000, recipients: 4000 },
    pace,
    10_000,
    used(0),
    2000 * pace.intervalMs,
  ],
  [
    "a day that is used up",
    { messages: 10, recipients: 10 },
    undefined,
    100,
    used(100),
    24 * hour + quarterMs,
  ],
  ["no pace, room in the day", { messages: 10, recipients: 10 }, undefined, 100, used(50), 0],
  ["two days' mail", { messages: 150, recipients: 150 }, undefined, 100, used(0), 24 * hour + quarterMs],
])("%s", (_, backlog, limitPace, recipientsPerDay, day, afterMs) => {
  const ends = forecast(backlog, { pace: limitPace, recipientsPerDay }, day, start);
  if (afterMs === undefined) expect(ends).toBeUndefined();
  else expect((ends ?? 0) - start).toBeCloseTo(afterMs, -2);
});

test("more than a month is not told", () => {
  expect(
    forecast({ messages: 40, recipients: 40 }, { pace: undefined, recipientsPerDay: 1 }, new Map(), start),
  ).toBe(Infinity);
});
