import { expect, test } from "vitest";
import { fitsMxPattern } from "./mx-pattern.ts";
import { isUsableTlsa } from "./tlsa-records.ts";

test.each([
  ["mx.d.test", "mx.d.test", true],
  ["MX.d.test", "mx.D.test", true],
  ["mx.d.test", "a.mx.d.test", false],
  ["*.d.test", "mx.d.test", true],
  ["*.d.test", "d.test", false],
  ["*.d.test", "a.b.d.test", false],
  ["*.d.test", ".d.test", false],
  ["*.d.test", "mxd.test", false],
  ["mx.*.test", "mx.d.test", false],
  ["*", "mx.d.test", false],
])("%s and %s: %s", (pattern, host, fits) => {
  expect(fitsMxPattern(pattern, host)).toBe(fits);
});

test.each([
  [3, 1, 1, 32, true],
  [2, 0, 2, 64, true],
  [3, 0, 0, 900, true],
  [3, 1, 0, 0, false],
  [0, 1, 1, 32, false],
  [1, 1, 1, 32, false],
  [4, 1, 1, 32, false],
  [3, 2, 1, 32, false],
  [3, 1, 3, 32, false],
  [3, 1, 1, 31, false],
  [3, 1, 2, 32, false],
])("TLSA %i %i %i of %i octets is usable: %s", (usage, selector, matchingType, bytes, usable) => {
  expect(isUsableTlsa({ usage, selector, matchingType, data: new Uint8Array(bytes) })).toBe(usable);
});
