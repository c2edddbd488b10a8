/**
 * One field of a CSV line (RFC 4180), for text that strangers chose. Three steps, in this order:
 *  - control characters, line separators and bidirectional overrides are written out (`\x0d`, `\u{202e}`), so that a
 *    line of the file is always one entry;
 *  - a value that a spreadsheet would take for a formula, because it begins with `=`, `+`, `-`, `@` (also full-width,
 *    also behind blanks) gets an apostrophe in front. A sign all by itself stays as it is;
 *  - a value with a comma or a quote is quoted, its quotes doubled.
 */
import { escapeControls } from "../core/units/escape-controls.ts";

const formula = /^\s*[=+\-@＝＋－＠]./u;
const quotable = /[",]/;
/** Most fields hold nothing that needs care. */
const plain = /^[A-Za-z0-9<>[\].:;/\\ _][\x20\x21\x23-\x2b\x2d-\x7e]*$/;

/** Values longer than `maxChars` are cut, and say so. Cost: one regular expression for a usual value. */
export function csvField(value: string, maxChars = 4_000): string {
  if (value === "") return value;
  const cut =
    value.length > maxChars ? `${value.slice(0, maxChars)}... (${value.length - maxChars} more)` : value;
  if (plain.test(cut) && cut.charCodeAt(0) !== 0x20) return cut;
  let out = escapeControls(cut);
  if (formula.test(out)) out = `'${out}`;
  return quotable.test(out) ? `"${out.replaceAll('"', '""')}"` : out;
}
