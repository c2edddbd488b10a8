import { expect, test } from "vitest";
import { escapeControls } from "./escape-controls.ts";

test.each([
  ["plain ~ text", "plain ~ text"],
  ["Größe 漢字", "Größe 漢字"],
  ["a\r\nb", "a\\x0d\\x0ab"],
  ["\0\x1b[31m\x7f", "\\x00\\x1b[31m\\x7f"],
  ["\x85\xffx", "\\x85\xffx"],
  ["a\u2028b\u202ec", "a\\u{2028}b\\u{202e}c"],
  ["a\ud800b", "a\\u{d800}b"],
])("%j becomes %s", (text, escaped) => {
  expect(escapeControls(text)).toBe(escaped);
});
