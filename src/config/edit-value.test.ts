import { expect, test } from "vitest";
import { parse } from "yaml";
import { blockLines, flowText, keyText, type Plain } from "./edit-value.ts";

test.each<[Plain, string]>([
  ["AppRelay", "AppRelay"],
  ["25MB", "25MB"],
  ["00:05:00", "00:05:00"],
  ["$relay-1_a.b+c@d=e", "$relay-1_a.b+c@d=e"],
  ["", '""'],
  ["two words", '"two words"'],
  ["*", '"*"'],
  ["a:", '"a:"'],
  ["a:b", '"a:b"'],
  ["/dir", '"/dir"'],
  ["a/b", '"a/b"'],
  ["1:2", '"1:2"'],
  ["000:05:00", '"000:05:00"'],
  ["yes", '"yes"'],
  ["OFF", '"OFF"'],
  ["n", '"n"'],
  ["25", '"25"'],
  ["1e3", '"1e3"'],
  ["0x1f", '"0x1f"'],
  ["true", '"true"'],
  ["null", '"null"'],
  ["x".repeat(201), "x".repeat(201)],
  ["x".repeat(202), `"${"x".repeat(202)}"`],
  [25, "25"],
  [false, "false"],
  [null, "null"],
  [[], "[]"],
  [["a", 1, "b c"], '[a, 1, "b c"]'],
  [{}, "{}"],
  [{ a: 1, "b c": ["d"] }, '{ a: 1, "b c": [d] }'],
])("%j is written %s, and reads so", (value, text) => {
  expect(flowText(value)).toBe(text);
  expect(parse(`x: ${text}`)).toEqual({ x: value });
});

test("sections stand indented below their names; empty ones and lists on the line", () => {
  expect(blockLines({ a: { b: { c: 1 }, d: {} }, e: ["f"], g: null })).toEqual([
    "a:",
    "  b:",
    "    c: 1",
    "  d: {}",
    "e: [f]",
    "g: null",
  ]);
});

test.each([
  ["name", "name"],
  ["a-b_2", "a-b_2"],
  ["2", '"2"'],
  ["a b", '"a b"'],
])("the key %s is written %s", (key, text) => {
  expect(keyText(key)).toBe(text);
});
