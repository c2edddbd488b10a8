import { expect, test } from "vitest";
import { keepMsOf } from "./keep-time.ts";

test.each([
  [[300], 300_000],
  [[3600, 60], 60_000],
  [[0], 5_000],
  [[604_800], 86_400_000],
  [[], 5_000],
])("records with TTLs of %j s are kept %d ms", (ttls, keepMs) => {
  expect(keepMsOf(ttls)).toBe(keepMs);
});

test.each([
  [[3600], 300_000],
  [[30], 30_000],
  [[], 5_000],
])("a denial with TTLs of %j s is kept %d ms", (ttls, keepMs) => {
  expect(keepMsOf(ttls, "denied")).toBe(keepMs);
});
