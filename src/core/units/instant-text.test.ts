import { expect, test } from "vitest";
import { escapeControls } from "./escape-controls.ts";
import { instantTexts } from "./instant-text.ts";

test("instants as text, the same one twice and others between", () => {
  const text = instantTexts();
  for (const atMs of [0, 0, 1, 1_700_000_000_123, 1_700_000_000_123, 0])
    expect(text(atMs)).toBe(new Date(atMs).toISOString());
});

test.each([
  ["plain text, ~ and all", "plain text, ~ and all"],
  ["", ""],
  ["a\r\nb\u007f", "a\\x0d\\x0ab\\x7f"],
  ["é stays, \u202e does not", "é stays, \\u{202e} does not"],
])("%j becomes %j", (text, safe) => {
  expect(escapeControls(text)).toBe(safe);
});
