import { expect, test } from "vitest";
import { isSmallerReportWorthATry } from "./report-retry.ts";

test.each([
  ["5.6.3", false, 1, true],
  ["5.7.1", false, 1, true],
  ["5.3.4", false, 0, true],
  ["5.0.0", false, 1, true],
  ["5.1.0", false, 1, true],
  ["5.1.7", false, 1, true],
  ["5.1.1", false, 1, false],
  ["5.1.10", false, 1, false],
  ["4.4.7", true, 3, true],
  ["4.4.7", true, 0, false],
] as const)("%s, expired %s, after %i attempts: %s", (status, expired, attempts, worth) => {
  const finding = { status, text: `550 ${status} No`, fromPeer: true };
  expect(isSmallerReportWorthATry(finding, { expired, attempts })).toBe(worth);
});
