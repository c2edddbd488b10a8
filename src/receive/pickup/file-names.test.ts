import { expect, test } from "vitest";
import { badName, claimedFile, claimedName, isMessageFile, otherName, shownName } from "./file-names.ts";

test.each([
  ["a.eml", true],
  ["a.EML", true],
  ["\xff\n.eml", true],
  [".eml", false],
  [".a.eml", false],
  ["a.eml.tmp", false],
  ["a.txt", false],
])("%j is a message: %s", (name, expected) => {
  expect(isMessageFile(name)).toBe(expected);
});

test.each(["a.eml", "a b.EML", "a.1.eml", "\xff\n.eml"])("%j is claimed, and known again", (name) => {
  const claimed = claimedName(name, 123);
  expect(claimedFile(claimed)).toEqual({ name: claimed, id: 123, original: name.replace(/EML$/, "eml") });
  expect(otherName(claimed)).toBe(claimed.replace(/weir\.tmp$/, "eml"));
});

test.each(["a.tmp", ".1.tmp", "a.1.bad", "a.x.weir.tmp", ".1.weir.tmp", "a.4711.tmp", "a.20261129.tmp"])(
  "%j is nothing of ours",
  (name) => {
    expect(claimedFile(name)).toBeUndefined();
  },
);

test("names never become too long", () => {
  const name = `${"x".repeat(251)}.eml`;
  const at = new Date("2026-11-29T03:00:00.123Z");
  for (const made of [
    claimedName(name, 893_293_162_930_176),
    badName(name, at, 0),
    badName(name, at, 1),
    badName(name, at, 12),
  ])
    expect(made.length).toBeLessThanOrEqual(255);
  expect(badName("a.eml", at, 2)).toBe("a.20261129030000-2.bad");
  expect(claimedFile(claimedName(name, 5))?.original).toMatch(/^x{244}\.eml$/);
});

test("what is shown is one line", () => {
  expect(shownName("\xc3\xbc\n\x1b.eml")).toBe("\u00fc??.eml");
});
