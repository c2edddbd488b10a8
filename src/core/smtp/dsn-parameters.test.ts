import { expect, test } from "vitest";
import { isOriginalRecipient, parseNotify } from "./dsn-parameters.ts";

test.each([
  ["NEVER", "never"],
  ["never", "never"],
  ["SUCCESS", "success"],
  ["failure", "failure"],
  ["DELAY", "delay"],
  ["SUCCESS,FAILURE,DELAY", "success failure delay"],
  ["DELAY,delay", "delay"],
  ["SUCCESS,FAILURE,DELAY,SUCCESS,FAILURE,DELAY", "success failure delay"],
  ["SUCCESS,SUCCESS,SUCCESS,SUCCESS,SUCCESS,FAILURE,DELAY".slice(0, 50), undefined],
  [`${"DELAY,".repeat(7)}FAILURE`, "failure delay"],
  [`${"DELAY,".repeat(7)}FAILURE,x`, undefined],
  [`${"DELAY,".repeat(8)}DELAY`, undefined],
  [`${"DELAY,".repeat(7)}SUCCESS,`.slice(0, 50), undefined],
  ["NEVER,DELAY", undefined],
  ["", undefined],
  ["SUCCESS,", undefined],
  ["SUCCESS DELAY", undefined],
])("NOTIFY=%s is %s", (value, words) => {
  const notify = parseNotify(value);
  expect(
    notify &&
      Object.entries(notify)
        .filter(([, set]) => set)
        .map(([name]) => name)
        .join(" "),
  ).toBe(words);
});

test.each([
  ["rfc822;a@b.test", true],
  ["x-400;c=gb", false],
  ["x-400;c+3Dgb", true],
  ["r;x", true],
  [";x", false],
  ["rfc822;", false],
  ["rfc822", false],
  ["rfc.822;x", false],
  ["rfcß;x", false],
  [`rfc822;${"x".repeat(493)}`, true],
  [`rfc822;${"x".repeat(494)}`, false],
  ["rfc822;a+0Ab", false],
  ["utf-8;größe@b.test", true],
  ["UTF-8;a\u2028b", false],
  ["utf-8;a b", false],
  ["utf-8;a+b", false],
  ["utf-8;a=b", false],
  ["utf-8;a\\b", false],
  ["utf-8;a\\xb", false],
  ["utf-8;a\\y{FC}", false],
  ["utf-8;a\\x(FC}", false],
  ["utf-8;a\\x{FC", false],
  ["utf-8;a\\x{F}", false],
  ["utf-8;a\\x{FC}", true],
  ["utf-8;a\\x{fc}b", true],
  ["utf-8;a\\x{10FFFD}", true],
  ["utf-8;a\\x{10FFFF}", true],
  ["utf-8;a\\x{110000}", false],
  ["utf-8;a\\x{1000000}", false],
  ["utf-8;a\\x{0FC}", false],
  ["utf-8;a\\x{FG}", false],
  ["utf-8;a\\x{FCG}", false],
  ["utf-8;a\\x{Fß}", false],
  ["utf-8;a\\x{20}\\x{2B}\\x{3D}\\x{5C}", true],
  ["utf-8;a\\x{41}", false],
  ["utf-8;a\\x{7F}", false],
  ["utf-8;a\\x{80}", false],
  ["utf-8;a\\x{A1}", true],
  ["utf-8;a\\x{D7FF}\\x{E000}", true],
  ["utf-8;a\\x{D800}", false],
  ["utf-8;a\\x{DFFF}", false],
  ["utf-8;a\\x{2028}", false],
  ["utf-8;a\\x{FFFF}", false],
  ["utf-8;a\\x{1FFFF}", true],
])("ORCPT=%s is well-formed: %s", (value, wellFormed) => {
  expect(isOriginalRecipient(value)).toBe(wellFormed);
});
