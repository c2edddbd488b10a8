import { expect, test } from "vitest";
import { keptJson, keptValue } from "./kept-text.ts";

test.each([
  ["as it is \u{1f600}", "as it is \u{1f600}"],
  ["a\0b\0", "a\ufffdb\ufffd"],
  [
    ["a", "b\0", null, 1],
    ["a", "b\ufffd", null, 1],
  ],
  [Buffer.from("\0"), Buffer.from("\0")],
  [undefined, undefined],
  [7, 7],
])("a parameter %j is %j", (value, kept) => expect(keptValue(value)).toEqual(kept));

test("a list that needs nothing is not copied", () => {
  const list = ["a", "b"];
  expect(keptValue(list)).toBe(list);
});

test.each([
  ["\ud800", "\ufffd"],
  ["\udc00", "\ufffd"],
  ["\udc00\ud800", "\ufffd\ufffd"],
  ["\ud800\ud83d\ude00\udc00", "\ufffd\u{1f600}\ufffd"],
  ["a\0", "a\ufffd"],
])("JSON of %j holds %j", (text, kept) => {
  expect(JSON.parse(keptJson([{ text, number: 1 }]))).toEqual([{ text: kept, number: 1 }]);
});
