import { describe, expect, test } from "vitest";
import { type ExportedValue, isEmptyValue, isTypeName, itemsOf, textOf } from "./exported-value.ts";

test.each<[ExportedValue | undefined, string]>([
  [undefined, ""],
  [null, ""],
  [" a ", "a"],
  [0, "0"],
  [false, "false"],
  [["a", "", null, 2], "a, 2"],
  [{ IsUnlimited: true, Value: 5 }, "Unlimited"],
  [{ IsUnlimited: false, Value: "5 MB" }, "5 MB"],
  [{ LowerBound: "10.0.0.1", UpperBound: "10.0.0.9" }, "10.0.0.1-10.0.0.9"],
  [{ LowerBound: "10.0.0.1", UpperBound: "10.0.0.1" }, "10.0.0.1"],
  [
    { LowerBound: { IPAddressToString: "10.0.0.1" }, UpperBound: { IPAddressToString: "10.0.0.2" } },
    "10.0.0.1-10.0.0.2",
  ],
  [{ LowerBound: "10.0.0.0", UpperBound: "10.0.0.255", Expression: "10.0.0.0/24" }, "10.0.0.0/24"],
  [{ LowerBound: "10.0.0.0", Name: "x" }, "x"],
  [{ UpperBound: "10.0.0.0", Name: "x" }, "x"],
  [{ Address: "0.0.0.0", Port: 25 }, "0.0.0.0:25"],
  [{ Address: { IPAddressToString: "::" }, Port: "25" }, "[::]:25"],
  [{ Address: "", Port: 25, Name: "x" }, "x"],
  [{ Ticks: 6_000_000_000 }, "00:10:00"],
  [{ Address: "a.test", Cost: 5 }, "smtp:a.test;5"],
  [{ Type: "X400", Address: "c=x", Cost: 1 }, "X400:c=x;1"],
  [{ Address: "", Cost: 1, Name: "x" }, "x"],
  [{ Expression: "e", Name: "n" }, "e"],
  [{ IPAddressToString: "1.2.3.4", Address: 67305985 }, "1.2.3.4"],
  [{ Address: "a", Name: "n" }, "a"],
  [{ Name: "n", Value: "v" }, "n"],
  [{ Value: "v", Domain: "d" }, "v"],
  [{ value: "v", Domain: "d" }, "v"],
  [{ Domain: "d", UserName: "u" }, "d"],
  [{ UserName: "u", DistinguishedName: "cn" }, "u"],
  [{ DistinguishedName: "cn" }, "cn"],
  [{ Name: { Name: { Name: { Name: "deep" } } } }, "deep"],
  [{ Name: { Name: { Name: { Name: { Name: "too deep" } } } } }, ""],
  [{ Else: "x" }, ""],
])("%j is %j", (value, text) => {
  expect(textOf(value)).toBe(text);
});

test.each<[ExportedValue, boolean]>([
  [null, true],
  ["", true],
  [" ", true],
  [[], true],
  ["a", false],
  [["a"], false],
  [0, false],
  [false, false],
  [{}, false],
])("%j is empty: %s", (value, empty) => {
  expect(isEmptyValue(value)).toBe(empty);
});

test.each<[ExportedValue, boolean]>([
  ["System.Collections.ArrayList", true],
  ["System.String[]", true],
  ["Microsoft.Exchange.Data.MultiValuedProperty`1[Microsoft.Exchange.Data.IPRange]", true],
  ["Deserialized.System.Object", true],
  ["My System.String", false],
  ["System.String and more", false],
  ["System", false],
  [5, false],
])("%j is a type: %s", (value, is) => {
  expect(isTypeName(value)).toBe(is);
});

describe("the items of", () => {
  test.each<[ExportedValue | undefined, string[]]>([
    [undefined, []],
    [null, []],
    ["", []],
    ["a, b;c|d e", ["a", "b", "c", "d", "e"]],
    ["{a, b}", ["a", "b"]],
    ["10.0.0.1 - 10.0.0.9", ["10.0.0.1-10.0.0.9"]],
    [
      ["a, b", " c ", "", { Name: "d" }],
      ["a, b", "c", "d"],
    ],
    [5, ["5"]],
  ])("%j", (value, items) => {
    expect(itemsOf(value)).toEqual(items);
  });

  test("a text with separators of its own", () => {
    expect(itemsOf("a;1, b;2", /,/)).toEqual(["a;1", "b;2"]);
  });
});
