import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { commandWord } from "./command-word.ts";

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
