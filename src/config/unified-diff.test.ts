import { expect, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

const text = (lines: string): string => lines.split("").join("\n") + (lines === "" ? "" : "\n");
const shown = (before: string, after: string): string[] =>
  unifiedDiff(text(before), text(after)).split("\n").slice(0, -1);

test.each([
  ["abc", "abc", []],
  ["", "a", ["@@ -1,0 +1,1 @@", "+a"]],
  ["a", "", ["@@ -1,1 +1,0 @@", "-a"]],
  ["abcdefg", "abcXefg", ["@@ -2,5 +2,5 @@", " b", " c", "-d", "+X", " e", " f"]],
  ["ab", "Xab", ["@@ -1,2 +1,3 @@", "+X", " a", " b"]],
  ["ab", "abX", ["@@ -1,2 +1,3 @@", " a", " b", "+X"]],
  ["abcbd", "abd", ["@@ -1,5 +1,3 @@", " a", " b", "-c", "-b", " d"]],
  ["aaa", "aa", ["@@ -1,3 +1,2 @@", " a", " a", "-a"]],
  ["axbycz", "aXbYcZ", ["@@ -1,6 +1,6 @@", " a", "-x", "+X", " b", "-y", "+Y", " c", "-z", "+Z"]],
  ["1a2345b6", "1A2345B6", ["@@ -1,8 +1,8 @@", " 1", "-a", "+A", " 2", " 3", " 4", " 5", "-b", "+B", " 6"]],
  [
    "1a23456b7",
    "1A23456BB7",
    ["@@ -1,4 +1,4 @@", " 1", "-a", "+A", " 2", " 3", "@@ -6,4 +6,5 @@", " 5", " 6", "-b", "+B", "+B", " 7"],
  ],
])("%s becomes %s", (before, after, lines) => {
  expect(shown(before, after)).toEqual(lines);
});

test("line ends alone are no difference that is shown", () => {
  expect(unifiedDiff("a\r\nb\r\n", "a\nb\n")).toBe("");
});

test("a very long middle is shown as a whole", () => {
  const same = Array.from({ length: 2_001 }, (_, n) => `${n}\n`).join("");
  const diff = unifiedDiff(same, `a\n${same}b\n`);
  expect([diff.match(/^-/gm)?.length, diff.match(/^\+/gm)?.length]).toEqual([2_001, 2_003]);
});

test("no password is shown, and that it changed is", () => {
  expect(unifiedDiff("password: a\nb: |\n  c\n", "password: |\n  hunter2\nb: |\n  c\n")).toBe(
    "@@ -1,3 +1,4 @@\n-password: ********\n+password: |\n+  ********\n b: |\n   c\n",
  );
});
