import { expect, test } from "vitest";
import { parseWeeklyHours } from "./weekly-hours.ts";

test.each([
  ["Mon-Fri 08:00-18:00", [1, 2, 3, 4, 5], 480, 1080],
  ["sat,sun 2:00 - 3:30", [0, 6], 120, 210],
  ["22:00-04:00", [0, 1, 2, 3, 4, 5, 6], 1320, 1680],
  ["Fri-Mon 00:00-24:00", [0, 1, 5, 6], 0, 1440],
  ["Monday, Wednesday 09:15-09:45", [1, 3], 555, 585],
  ["00:00-00:00", [0, 1, 2, 3, 4, 5, 6], 0, 1440],
])("%s", (text, days, fromMinute, toMinute) => {
  expect(parseWeeklyHours(text)).toEqual({ ok: true, value: { text, days, fromMinute, toMinute } });
});

test.each([
  "",
  "08:00",
  "08:00-25:00",
  "08:60-09:00",
  "Xyz 08:00-09:00",
  "Mon- 08:00-09:00",
  "24:00-08:00",
  "Mo 1:00-2:00",
])("%j is none", (text) => {
  expect(parseWeeklyHours(text)).toEqual({
    ok: false,
    message: expect.stringMatching(/is no time of the week; write it like Mon-Fri 08:00-18:00$/) as string,
  });
});
