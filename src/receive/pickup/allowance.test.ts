import { expect, test } from "vitest";
import { createAllowance } from "./allowance.ts";

test.each([
  [1, 1, 0],
  [1, 1, 59_999],
  [1, 2, 60_000],
  [100, 9, 0],
  [100, 10, 600],
  [100, 18, 600_000],
  [20_000, 1667, 0],
])("%d a minute: %d by %d ms", (perMinute, expected, ms) => {
  const allowance = createAllowance(perMinute, 5_000, 0);
  let taken = 0;
  while (allowance.take(0)) taken++;
  while (allowance.take(ms)) taken++;
  expect(taken).toBe(expected);
});
