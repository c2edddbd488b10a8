import { expect, test } from "vitest";
import { parseOpathFilter, type PropertyBag, type PropertyKinds } from "./opath-filter.ts";

const kinds: PropertyKinds = {
  Status: "text",
  FromAddress: "text",
  RetryCount: "number",
  Size: "size",
  DateReceived: "time",
};
const bag: PropertyBag = {
  Status: "Retry",
  FromAddress: "o'neil@Shop.example",
  RetryCount: 3,
  Size: 2 * 1024 * 1024,
  DateReceived: Date.UTC(2026, 0, 2, 12),
};

test.each([
  ["", true],
  ["Status -eq 'Retry'", true],
  ['status -EQ "retry"', true],
  ["Status -eq Ready", false],
  ['{Status -eq "Retry"}', true],
  [" { Status -eq 'Retry' -and RetryCount -lt 3 } ", false],
  ["{}", true],
  ["Status -ne Ready", true],
  ["FromAddress -like '*@shop.example'", true],
  ["FromAddress -like '*@shop'", false],
  ["FromAddress -like 'o''n?il*example'", true],
  ["Status -like 're*etry'", false],
  ["Status -like 're*ry'", true],
  ["Status -like '*r*y*'", true],
  ["Status -like '*r*r*r*'", false],
  ["Status -like '*etr?'", true],
  ["Status -like 'retry?'", false],
  ["Status -like 'retry**'", true],
  ["Status -like '**'", true],
  ["Status -like 'retr'", false],
  ["Status -like '?etry*'", true],
  ["Status -like '*t*e*'", false],
  ["RetryCount -eq 3", true],
  ["RetryCount -ne 3", false],
  ["RetryCount -lt 3", false],
  ["RetryCount -le 2", false],
  ["RetryCount -ge 4", false],
  ["RetryCount -gt 2 -and RetryCount -lt 4", true],
  ["RetryCount -gt 3", false],
  ["RetryCount -ge 3 -and RetryCount -le 3", true],
  ["Size -gt 1MB", true],
  ["Size -lt 1MB", false],
  ["DateReceived -gt '2026-01-02T11:59Z'", true],
  ["DateReceived -lt '2026-01-02 13:00:00+01:00'", false],
  ["DateReceived -gt '2025-12-31' -and Status -eq Retry", true],
  ["Status -eq Retry -and Size -lt 1KB", false],
])("%s: %s", (text, expected) => {
  const parsed = parseOpathFilter(text, kinds);
  expect(parsed.ok && parsed.filter.matches(bag)).toBe(expected);
});

test("what an object lacks fits only -ne", () => {
  const fits = (text: string) => {
    const parsed = parseOpathFilter(text, kinds);
    return parsed.ok && parsed.filter.matches({});
  };
  expect(["-eq x", "-ne x", "-like *", "-lt x"].map((rest) => fits(`Status ${rest}`))).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

test.each([
  ["Colour -eq red", 1, "there is no property Colour"],
  ["Status", 7, "an operator is missing"],
  ["Status = Retry", 8, "= is no operator"],
  ["Status -eq", 11, "a value is missing"],
  ["Status -eq 'Retry", 12, "the quote is not closed"],
  ["Status -eq Retry -or Size -gt 1", 18, "joined by -and"],
  ["Status -eq Retry -and", 22, "a comparison is missing"],
  ["Size -gt huge", 10, "huge is no size"],
  ["RetryCount -gt many", 16, "many is no number"],
  ["DateReceived -gt yesterday", 18, "yesterday is no time"],
  ["Size -like '1*'", 6, "-like does not fit"],
])("%s is refused at %i", (text, position, message) => {
  const parsed = parseOpathFilter(text, kinds);
  expect(parsed).toMatchObject({ ok: false, position, message: expect.stringContaining(message) });
});
