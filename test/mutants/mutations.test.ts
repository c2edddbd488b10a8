import { describe, expect, it } from "vitest";
import { canBeParsed, differenceOf, mutated, mutationPlaces } from "./mutations.ts";

const allOf = (source: string): readonly string[] =>
  mutationPlaces(source)
    .flat()
    .filter((mutation) => canBeParsed(source, mutation))
    .map((mutation) => mutated(source, mutation));

const rows: readonly (readonly [string, readonly string[]])[] = [
  ["a < b;", ["a <= b;", "a >= b;"]],
  ["x = a === b;", [";", "x = a !== b;"]],
  ["x(/* + */ a /* + */ + b);", [";", "x(/* + */ a /* + */ - b);"]],
  ["let x = a + 'b c';", []],
  ["let x = a && b;", ["let x = a || b;"]],
  ["let x = a ?? b;", ["let x = a;", "let x = b;"]],
  ["let x = a ?? (b && c);", ["let x = a;", "let x = (b && c);", "let x = a ?? (b || c);"]],
  [
    "let x = (a ?? b) + 1 || c;",
    [
      "let x = (a ?? b) + 1 && c;",
      "let x = (a ?? b) - 1 || c;",
      "let x = (a) + 1 || c;",
      "let x = (b) + 1 || c;",
      "let x = (a ?? b) + 2 || c;",
      "let x = (a ?? b) + 0 || c;",
    ],
  ],
  ["let x = !a;", ["let x = a;"]],
  ["let x = 0;", ["let x = 1;", "let x = (-1);"]],
  ["let x = 5n;", ["let x = 6n;", "let x = 4n;"]],
  ["let x = true;", ["let x = false;"]],
  ["let x = 'RCPT TO';", ['let x = "";']],
  ["let x = 'two words';", []],
  ["let x = `ä${a}:`;", ['let x = "";']],
  ["let x = 'ä'; let y = 'ö';", ["let x = \"\"; let y = 'ö';", "let x = 'ä'; let y = \"\";"]],
  ["let x: 'a' | 1 = y as 'b';", []],
  ["import a from 'b'; export * from 'c';", []],
  ["'use strict';", []],
  ["let x = { 'a': y };", []],
  ["if (a) b();", ["if (true) b();", "if (false) b();", "if (a) ;"]],
  ["while (a) b();", ["while (false) b();", "while (a) ;"]],
  ["function f() { a(); }", ["function f() { return; a(); }", "function f() { ; }"]],
  ["function f() { return a; }", []],
  [
    "function f() { if (a) return; }",
    [
      "function f() { return; if (a) return; }",
      "function f() { if (true) return; }",
      "function f() { if (false) return; }",
      "function f() { if (a) ; }",
    ],
  ],
  ["let x = a?.b;", ["let x = a.b;"]],
  ["let x = a?.[b];", ["let x = a[b];"]],
  ["let x = a?.(b);", ["let x = a(b);"]],
  ["let x = await a;", ["let x = a;"]],
  ["let x = [...a];", ["let x = [...[]];", "let x = [];"]],
  ["let x = { ...a };", ["let x = { ...{} };"]],
  ["throw a;", [";"]],
];

describe("mutations", () => {
  it.each(rows)("%s", (source, expected) => {
    expect(allOf(source)).toEqual(expected);
  });

  it("show the lines they touch", () => {
    const source = "let a;\nif (\n  a\n) b();\nlet c;";
    const [place] = mutationPlaces(source)
      .flat()
      .filter(({ kind }) => kind === "statement");
    expect(place && differenceOf(source, place)).toEqual({ line: 4, was: [") b();"], becomes: [") ;"] });
  });
});
