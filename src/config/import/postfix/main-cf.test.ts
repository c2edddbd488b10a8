import { describe, expect, test } from "vitest";
import { logicalLines, overriding, readMainCf } from "./main-cf.ts";

test.each<[string, string, string[]]>([
  ["comments and empty lines", "# a\n\n  # b\na = b\n  \n", ["a = b"]],
  ["continued lines", "a = b,\n  c\r\n\td\ne = f", ["a = b, c d", "e = f"]],
  ["a comment between them", "a = b\n# no\n c", ["a = b c"]],
  ["a first line that continues nothing", "  a = b", ["a = b"]],
])("the lines of %s", (_, text, lines) => {
  expect(logicalLines(text)).toEqual(lines);
});

test.each<[string, string, string | undefined]>([
  ["as it is", "a = b c ", "b c"],
  ["empty", "a =", ""],
  ["without blanks", "a=b", "b"],
  ["the last of two", "a = b\na = c", "c"],
  ["not given", "b = c", undefined],
  ["no parameter at all", "a b", undefined],
  ["$name", "a = $b!\nb = c", "c!"],
  ["${name}", "a = ${b}c\nb = x", "xc"],
  ["$(name)", "a = $(b)c\nb = x", "xc"],
  ["a dollar", "a = $$b\nb = x", "$b"],
  ["a name that nobody gives", "a = $b", "$b"],
  ["of a name of a name", "a = $b\nb = $c\nc = x", "x"],
  ["text where it is given", "a = ${b?yes}\nb = x", "yes"],
  ["text where it is not", "a = ${b?yes}", ""],
  ["text where it is empty", "a = ${b?yes}\nb =", ""],
  ["text for when it is missing", "a = ${b:no}", "no"],
  ["none of it where it is given", "a = ${b:no}\nb = x", ""],
  ["one of two, given", "a = ${b?{yes}:{no}}\nb = x", "yes"],
  ["one of two, missing", "a = ${b?{yes}:{no}}", "no"],
  ["one in braces, missing", "a = ${b?{yes}}", ""],
  ["names in the text", "a = ${b?<$b>}\nb = x", "<x>"],
  ["what Postfix has by itself", "a = $mail_name $config_directory", "Postfix /etc/postfix"],
  [
    "of defaults that name others",
    "a = $mydestination\nmyhostname = mx.a.test",
    "mx.a.test, localhost.a.test, localhost",
  ],
  ["mydomain of a host without one", "a = $mydomain\nmyhostname = mx", "localdomain"],
  ["mydomain without a host", "a = $mydomain", "localdomain"],
  ["mydomain that is given", "a = $mydomain\nmydomain = b.test\nmyhostname = mx.a.test", "b.test"],
])("a value: %s", (_, text, value) => {
  expect(readMainCf(text).value("a")).toBe(value);
});

describe("a value without end", () => {
  const chain = (length: number): string =>
    Array.from({ length }, (_, n) => `a${n} = $a${n + 1}`).join("\n") + `\na${length} = end`;

  test("is followed over eleven names", () => {
    expect(readMainCf(chain(11)).value("a0")).toBe("end");
    expect(readMainCf(chain(12)).value("a0")).toBe("$a12");
  });

  test("that names itself stays as it is", () => {
    expect(readMainCf("a = $a").value("a")).toBe("$a");
  });

  test("that grows is given up", () => {
    const text =
      Array.from({ length: 9 }, (_, n) => `a${n} = ${`$a${n + 1}`.repeat(20)}`).join("\n") + "\na9 = x";
    expect(readMainCf(text).value("a0")!.length).toBeLessThan(1_000_000);
  });
});

test("options of a service win, and are seen by what names them", () => {
  const main = readMainCf("a = $b\nb = x");
  expect(overriding(main, new Map([["b", "y"]])).value("a")).toBe("y");
  expect(overriding(main, new Map())).toBe(main);
  expect(main.value("a")).toBe("x");
});
