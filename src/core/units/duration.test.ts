import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatDuration, formatTimeSpan, parseDuration } from "./duration.ts";

test.each([
  ["2s", 2000],
  ["500ms", 500],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["2d", 172_800_000],
  ["1h30m", 5_400_000],
  ["1d 2h 3m 4s 5ms", 93_784_005],
  ["2 s", 2000],
  ["0", 0],
  [0, 0],
  ["0s", 0],
  ["00:00:05", 5000],
  ["00:10:00", 600_000],
  ["1.00:00:00", 86_400_000],
  ["00:00:25.639", 25_639],
  ["0.00:00:00.5", 500],
  ["00:00:00.0500000", 50],
  ["90m", 5_400_000],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toEqual({ ok: true, value: ms });
});

test.each([
  [5, /without a unit/],
  ["30", /without a unit/],
  ["1.5", /without a unit/],
  ["-5s", /not a duration/],
  ["", /not a duration/],
  ["5M", /not a duration/],
  ["5m1h", /not a duration/],
  ["1.5h", /not a duration/],
  ["10:30", /not a duration/],
  ["24:00:00", /more than 23 hours/],
  ["00:60:00", /above 59/],
  ["forever", /not a duration/],
  ["999999999999d", /too long/],
])("%s is refused", (text, message) => {
  const result = parseDuration(text);
  expect(result.ok ? "" : result.message).toMatch(message);
});

describe("printing", () => {
  test.each([
    [0, "0s", "00:00:00"],
    [500, "500ms", "00:00:00.500"],
    [5_400_000, "1h30m", "01:30:00"],
    [90_000_000, "1d1h", "1.01:00:00"],
    [Infinity, "unlimited", "unlimited"],
  ])("%d", (ms, units, span) => {
    expect(formatDuration(ms)).toBe(units);
    expect(formatTimeSpan(ms)).toBe(span);
  });

  it("is read back exactly in both styles", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_000_000_000_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
        expect(parseDuration(formatTimeSpan(ms))).toEqual({ ok: true, value: ms });
      }),
    );
  });
});
