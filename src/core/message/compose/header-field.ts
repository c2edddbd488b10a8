/** Header fields from values: folded, in ASCII, and never more than the one field (RFC 5322 §2.2, RFC 2047). */
import { encodedWords } from "../encoded-words.ts";

/** RFC 5322 §2.1.1: lines should have no more. */
const foldAt = 76;
/** Of the first encoded word: beside a name of some 15 characters. */
export const firstWordOctets = 36;
/** A word that is longer could not be folded into lines of 998. */
const longestWord = 900;

/** Whether it can stand in a header field without beginning another one, or ending early for somebody. */
export function isLine(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\0\n\r]/.test(text);
}

/** The field with its line end; `pieces` have blanks between them, where it may be folded. */
export function foldedField(name: string, pieces: readonly string[]): string {
  let line = `${name}:`;
  let field = "";
  for (const piece of pieces) {
    if (!isLine(piece)) throw new RangeError(`a line end in ${name}`);
    // A line of nothing but blanks is none (RFC 5322 §3.2.2), and a name alone in its line confuses some.
    if (
      piece !== "" &&
      line.trim() !== "" &&
      line !== `${name}:` &&
      line.length + 1 + piece.length > foldAt
    ) {
      field += `${line}\r\n`;
      line = "";
    }
    line += ` ${piece}`;
  }
  return `${field}${line}\r\n`;
}

/** Free text, such as a subject. What looks like an encoded word is none, and becomes one. */
export function textField(name: string, value: string): string {
  return foldedField(
    name,
    value.includes("=?") ? encodedWords(value.trim(), firstWordOctets) : textPieces(value),
  );
}

/** A field whose value the client has written as it stands; other than ASCII becomes encoded words. */
export function givenField(name: string, value: string): string {
  return foldedField(name, textPieces(value));
}

function textPieces(value: string): readonly string[] {
  const text = value.trim();
  // oxlint-disable-next-line no-control-regex
  if (!/^[\t\x20-\x7e]*$/.test(text)) return encodedWords(text, firstWordOctets);
  const words = text.split(" ");
  return words.some((word) => word.length > longestWord) ? encodedWords(text, firstWordOctets) : words;
}

/** Those that this relay writes by itself, or that only who carries the mail may. */
const reserved =
  /^(?:from|to|cc|bcc|reply-to|subject|content-.*|mime-version|received|return-path|dkim-signature|resent-.*)$/;

const mostNameChars = 76;
const mostValueChars = 8_000;

/** Why a further header field is not taken; undefined: it is. */
export function headerFault(name: string, value: string): string | undefined {
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name) || name.length > mostNameChars)
    return "is no name of a header field";
  if (reserved.test(name.toLowerCase())) return "is written by the relay itself";
  if (!isLine(value)) return "holds a line end or a NUL";
  if (name.toLowerCase() === "date" && !isDate(value))
    return "is no date, such as Sun, 29 Nov 2026 03:00:00 +0000";
  if (name.toLowerCase() === "message-id" && !/^<[!-;=?A-~]+@[!-;=?A-~]+>$/.test(value))
    return "is no Message-ID, such as <4711@erp.contoso.com>";
  return value.length > mostValueChars ? `is longer than ${mostValueChars} characters` : undefined;
}

const dateForm =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ?)?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}(?::\d{2})? (?:[+-]\d{4}|GMT|UTC?)$/;

/** RFC 5322 §3.3, without comments and obsolete forms. */
function isDate(value: string): boolean {
  return dateForm.test(value.trim()) && !Number.isNaN(Date.parse(value));
}
