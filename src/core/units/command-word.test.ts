import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { addedWord, commandWord } from "./command-word.ts";

test.each([
  ["ERP-1", "ERP-1"],
  ["ERP direct", "'ERP direct'"],
  ["Prices in $", "'Prices in $'"],
  ["Bob's printer", `"Bob's printer"`],
  ["Bob's $HOME", `'Bob'\\''s $HOME'`],
  ["", "''"],
])("%j is written %s", (text, word) => expect(commandWord(text)).toBe(word));

test.each(["ERP direct", "Bob's printer", "Bob's $HOME", "`id`", "it's `id`", 'a"b', "back\\slash's"])(
  "sh reads %j back",
  (text) => {
    expect(execFileSync("sh", ["-c", `printf %s ${commandWord(text)}`], { encoding: "utf8" })).toBe(text);
  },
);

test.each<[string[], string, string]>([
  [["a@b.example", "10.0.0.7"], `"@{Add='a@b.example','10.0.0.7'}"`, `@{Add='a@b.example','10.0.0.7'}`],
  [["o'brien@b.example"], `"@{Add='o''brien@b.example'}"`, `@{Add='o''brien@b.example'}`],
  [["a$HOME@b.example", "c!d@b"], `'@{Add="a$HOME@b.example","c!d@b"}'`, `@{Add="a$HOME@b.example","c!d@b"}`],
  [["o'b$HOME"], `'@{Add='\\''o'\\'''\\''b$HOME'\\''}'`, "@{Add='o''b$HOME'}"],
])("%j are added by %s", (values, word, table) => {
  expect(addedWord(values)).toBe(word);
  expect(execFileSync("sh", ["-c", `printf %s ${word}`], { encoding: "utf8" })).toBe(table);
});
