import { describe, expect, it } from "vitest";
import { cutStatements } from "./cut-statements.ts";

/** Statements of pipes of words. */
function words(text: string): readonly (readonly (readonly string[])[])[] {
  const cut = cutStatements(text);
  if (cut.kind !== "statements") throw new Error(JSON.stringify(cut));
  return cut.statements.map((pipe) => pipe.map((command) => command.map((word) => word.text)));
}

describe("words", () => {
  it.each([
    ["Get-Queue", ["Get-Queue"]],
    ["  Get-Queue  -Identity  Submission ", ["Get-Queue", "-Identity", "Submission"]],
    ["Get-ReceiveConnector 'App Relay'", ["Get-ReceiveConnector", "App Relay"]],
    ['x \'it\'\'s\' "say ""no"""', ["x", "it's", 'say "no"']],
    ['x "a`tb`"c`$d" a`;b', ["x", 'a\tb"c$d', "a;b"]],
    ["x “curly” ‘too’", ["x", "curly", "too"]],
    ["x $true $null -Confirm:$false", ["x", "$true", "$null", "-Confirm:$false"]],
    ["x -Name:'App Relay'", ["x", "-Name:App Relay"]],
    ["x a,b", ["x", "a,b"]],
    ["x a, b ,c", ["x", "a,b,c"]],
    ["x 'a b', \"c,d\"", ["x", "'a b','c,d'"]],
    ["x a,\n  b", ["x", "a,b"]],
    ["x @{Add='a','b'; Remove = \"c\"} -Y", ["x", "@{Add='a','b'; Remove = \"c\"}", "-Y"]],
    ["x @{\n  Add='a'\n}", ["x", "@{\n  Add='a'\n}"]],
    ["x @('a','b')", ["x", "'a','b'"]],
    ['x {Status -eq "Retry" -and Size -gt 1} y', ["x", '{Status -eq "Retry" -and Size -gt 1}', "y"]],
    ["x {a '}' b}", ["x", "{a '}' b}"]],
    ["x (Get-Date).AddHours(-1) y", ["x", "(Get-Date).AddHours(-1)", "y"]],
    ["x `\n  -A 1 `\r\n  -B 2", ["x", "-A", "1", "-B", "2"]],
    ["x # nothing 'of this", ["x"]],
    ["x <# nothing\nof this #> y", ["x", "y"]],
    ["x a#b", ["x", "a#b"]],
    ["x 'Out;[10.0.0.1]:25\\893'", ["x", "Out;[10.0.0.1]:25\\893"]],
  ])("%j", (text, expected) => {
    expect(words(text)).toEqual([[expected]]);
  });

  it("know whether they are one quoted text", () => {
    const cut = cutStatements("x '-odd' -Name:'a' \"a\"b");
    expect(cut.kind === "statements" && cut.statements[0]?.[0]?.map(({ quoted }) => quoted)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
});

describe("statements and pipes", () => {
  it.each([
    ["", []],
    ["# only this", []],
    ["a; b\nc", [[["a"]], [["b"]], [["c"]]]],
    ["a | b x|c", [[["a"], ["b", "x"], ["c"]]]],
    ["a |\n b\nc", [[["a"], ["b"]], [["c"]]]],
    ["a {x | y; z}", [[["a", "{x | y; z}"]]]],
  ])("%j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each([
    ["a 'b", "'"],
    ['a "b', '"'],
    ["a {b (c}", undefined],
    ["a {b", "}"],
    ["a (b {c", "}"],
    ["a |", "a command behind |"],
    ["a b,", "the rest of a list"],
    ["a `", "the next line"],
    ["<# a", "#>"],
  ])("%j goes on in the next line", (text, waitsFor) => {
    expect(cutStatements(text)).toEqual(
      waitsFor === undefined ? { kind: "fault", message: "} closes nothing" } : { kind: "open", waitsFor },
    );
  });

  it("| needs a command before it", () => {
    expect(cutStatements("| fl")).toMatchObject({ kind: "fault" });
    expect(cutStatements("a || b")).toMatchObject({ kind: "fault" });
  });
});
