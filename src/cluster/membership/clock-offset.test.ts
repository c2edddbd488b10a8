import { expect, test } from "vitest";
import { clockOffset } from "./membership.ts";

test.each([
  { of: "an answer of between", sentAt: 1_000, answered: 1_500, heardAt: 2_000, aheadMs: 0 },
  { of: "a clock an hour ahead", sentAt: 3_601_000, answered: 1_000, heardAt: 3_601_010, aheadMs: 3_600_000 },
  { of: "a clock a minute behind", sentAt: 1_000, answered: 61_010, heardAt: 1_010, aheadMs: -60_000 },
])("of $of", ({ sentAt, answered, heardAt, aheadMs }) => {
  expect(clockOffset(sentAt, answered, heardAt)).toBe(aheadMs);
});
