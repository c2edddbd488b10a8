import { expect, test } from "vitest";
import { isGood, verdictOf } from "./part.ts";

const finding = { what: "", count: "", required: "", measured: "" };

test.each([
  [{ ...finding, held: true }, "held", true],
  [{ ...finding, held: false }, "FAILED", false],
  [{ ...finding, held: false, control: true }, "fails, as it must", true],
  [{ ...finding, held: true, control: true }, "void: it did not fail", false],
] as const)("%j is %s", (given, verdict, good) => {
  expect(verdictOf(given)).toBe(verdict);
  expect(isGood(given)).toBe(good);
});
