import { expect, test } from "vitest";
import { encodedWords } from "./encoded-words.ts";

const textOf = (word: string): string =>
  Buffer.from(/^=\?utf-8\?B\?(.*)\?=$/.exec(word)?.[1] ?? "", "base64").toString();

test.each([
  ["nothing", "", []],
  ["45 octets", "a".repeat(45), [45]],
  ["one more", "a".repeat(46), [45, 1]],
  ["characters of one octet", "\x7f".repeat(90), [45, 45]],
  ["of two, the first of them", "\x80".repeat(23), [44, 2]],
  ["of two, the last of them", "\u07ff".repeat(23), [44, 2]],
  ["of three, the first of them", "\u0800".repeat(16), [45, 3]],
  ["of three, the last of them", "\uffff".repeat(16), [45, 3]],
  ["of four", "\u{10000}".repeat(12), [44, 4]],
])("%s", (_, text, octets) => {
  const words = encodedWords(text);
  expect(words.map((word) => Buffer.byteLength(textOf(word)))).toEqual(octets);
  expect(words.map(textOf).join("")).toBe(text);
  expect(words.every(({ length }) => length <= 75)).toBe(true);
});

test("the first may be shorter, and the others are not", () => {
  expect(encodedWords("a".repeat(100), 10).map((word) => textOf(word).length)).toEqual([10, 45, 45]);
});
