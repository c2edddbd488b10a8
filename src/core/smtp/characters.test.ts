import { expect, test } from "vitest";
import {
  atext,
  classOf,
  hexDigit,
  isAscii,
  isUnsafeUnicode,
  keywordChar,
  letDig,
  utf8Length,
  xchar,
} from "./characters.ts";

const printable = Array.from({ length: 128 }, (_, c) => String.fromCharCode(c)).join("");
test.each<[string, number, RegExp]>([
  ["atext", atext, /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]/],
  ["letters and digits", letDig, /[A-Za-z0-9]/],
  ["keyword characters", keywordChar, /[A-Za-z0-9-]/],
  ["hexadecimal digits", hexDigit, /[0-9A-F]/],
  ["xchar", xchar, /[!-*,-<>-~]/],
])("%s", (_, bit, pattern) => {
  const found = Array.from(printable).filter((_c, code) => ((classOf[code] ?? 0) & bit) !== 0);
  expect(found.join("")).toBe(
    Array.from(printable)
      .filter((c) => pattern.test(c))
      .join(""),
  );
});

test("what may not stand in an address", () => {
  const ranges: [number, number][] = [];
  for (let c = 0x80; c <= 0xffff; c++) {
    if (!isUnsafeUnicode(c)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === c - 1) last[1] = c;
    else ranges.push([c, c]);
  }
  expect(ranges.map((range) => range.map((c) => c.toString(16)).join("-"))).toEqual([
    "80-a0",
    "61c-61c",
    "1680-1680",
    "180e-180e",
    "2000-200b",
    "200e-200f",
    "2028-202f",
    "205f-206f",
    "3000-3000",
    "fdd0-fdef",
    "feff-feff",
    "fff0-fffc",
    "fffe-ffff",
  ]);
  expect(isUnsafeUnicode(0x7f)).toBe(false);
});

test.each([
  ["", true],
  ["az~\x7f", true],
  ["a\x80", false],
  ["ä", false],
])("%j is ASCII: %s", (text, ascii) => {
  expect(isAscii(text, 0, text.length)).toBe(ascii);
});

test("only the part asked for", () => {
  expect([isAscii("äbc", 1, 3), isAscii("abä", 0, 2), isAscii("aäb", 0, 2)]).toEqual([true, true, false]);
  expect([utf8Length("äbc", 1, 3), utf8Length("äbc", 0, 1)]).toEqual([2, 2]);
});

test.each(["", "a", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "😀", "aä€😀"])(
  "octets of %j",
  (text) => {
    expect(utf8Length(text, 0, text.length)).toBe(Buffer.byteLength(text));
  },
);
