import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asciiText, boundedLine, decodeUnitext, decodeXtext, foldedSubject, singleLine } from "./text.ts";

describe("xtext", () => {
  test.each([
    ["a+2Bb", "a+b"],
    ["QQ314159", "QQ314159"],
    ["a+20b+3Dc", "a b=c"],
    ["x+0D+0ASubject:y", "x+0D+0ASubject:y"],
    ["x+00+1B+7F+80+FF", "x+00+1B+7F+80+FF"],
    ["a+2", "a+2"],
    ["a+zz+2b", "a+zz+2b"],
    ["+2B0D", "+0D"],
  ])("%s → %s", (coded, text) => {
    expect(decodeXtext(coded)).toBe(text);
  });
});

test.each([
  ["\\x{E9}t\\x{E9}@x.test", "été@x.test"],
  ["\\x{1F600}", "😀"],
  ["\\x{A0}\\x{9F}\\x{7F}", "\u00a0\\x{9F}\\x{7F}"],
  ["\\x{D7FF}\\x{D800}\\x{DFFF}\\x{E000}", "\ud7ff\\x{D800}\\x{DFFF}\ue000"],
  ["\\x{2029}\\x{10FFFF}", "\\x{2029}\u{10ffff}"],
  ["\\x{0D}\\x{0A}\\x{D800}\\x{2028}\\x{110000}", "\\x{0D}\\x{0A}\\x{D800}\\x{2028}\\x{110000}"],
])("unitext %s → %s", (coded, text) => {
  expect(decodeUnitext(coded)).toBe(text);
});

test.each([
  ["x".repeat(990), "x".repeat(990)],
  ["x".repeat(991), `${"x".repeat(987)}...`],
  ["ü".repeat(495), "ü".repeat(495)],
  ["ü".repeat(496), `${"ü".repeat(493)}...`],
])("a line of %# is cut at a character", (line, bounded) => {
  expect(boundedLine(line)).toBe(bounded);
});

test("long subjects are folded and encoded in words of at most 75 characters", () => {
  const plain = foldedSubject("Undeliverable: ", `${"word ".repeat(30)}end`, false).split("\r\n");
  expect(plain.every((line) => line.length <= 76 && !line.startsWith("  "))).toBe(true);
  expect(plain.map((line) => line.trim()).join(" ")).toBe(`Subject: Undeliverable: ${"word ".repeat(30)}end`);
  const coded = foldedSubject("Undeliverable: ", "ü".repeat(60), false).split("\r\n");
  expect(coded).toEqual([
    "Subject: Undeliverable:",
    ` =?utf-8?B?${Buffer.from("ü".repeat(22)).toString("base64")}?=`,
    ` =?utf-8?B?${Buffer.from("ü".repeat(22)).toString("base64")}?=`,
    ` =?utf-8?B?${Buffer.from("ü".repeat(16)).toString("base64")}?=`,
  ]);
});

test("no text leaves its line or keeps a control", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      expect(singleLine(text)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
      expect(asciiText(text)).toMatch(/^[\x20-\x7e]*$/);
      expect(asciiText(text).length).toBeLessThanOrEqual(803);
      const lines = foldedSubject("Undeliverable: ", text, false).split("\r\n");
      expect(
        lines.filter((line) => !/^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/.test(line) || line.length > 998),
      ).toEqual([]);
    }),
  );
});

test.each([
  [undefined, "Subject: Undeliverable: (no subject)"],
  ["Invoice 7", "Subject: Undeliverable: Invoice 7"],
  ["=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Subject: Undeliverable: =?utf-8?Q?Gr=C3=BC=C3=9Fe?="],
  ["Grüße", "Subject: Undeliverable: =?utf-8?B?R3LDvMOfZQ==?="],
  ["a\r\nBcc: b", "Subject: Undeliverable: a Bcc: b"],
])("subject %j", (subject, field) => {
  expect(foldedSubject("Undeliverable: ", subject, false)).toBe(field);
});
