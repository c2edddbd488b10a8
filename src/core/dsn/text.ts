/** Making text from outside safe for header fields, report fields and 7-bit parts. Pure; linear in its input. */
import { encodedWords } from "../message/encoded-words.ts";
import { isAscii as isAsciiFrom } from "../smtp/characters.ts";

/** Longest value of one field line; RFC 5322 §2.1.1 allows 998 octets with the field's name. */
const maxFieldLength = 800;

/** Controls, line and paragraph separators, bidirectional overrides, halves of surrogate pairs. */
const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

export const isAscii = (text: string): boolean => isAsciiFrom(text, 0, text.length);

/** One line without control characters, at most 800 characters; separators and bidirectional overrides count as such. */
export function singleLine(text: string): string {
  const line = text
    .slice(0, maxFieldLength * 2)
    .replace(unsafe, " ")
    .trim();
  return line.length > maxFieldLength
    ? `${line.slice(0, maxFieldLength).replace(/[\ud800-\udbff]$/, "")}...`
    : line;
}

/** As `singleLine`, with `?` for each character above 127. */
export function asciiText(text: string): string {
  return singleLine(text).replace(/[^\x20-\x7e]/g, "?");
}

/** Longest line of a report's fields, in octets; RFC 5322 §2.1.1 allows 998. */
const maxLineBytes = 990;

/** Cut at a character so that it is a line every server takes. */
export function boundedLine(line: string): string {
  if (line.length * 3 <= maxLineBytes || Buffer.byteLength(line) <= maxLineBytes) return line;
  const cut = Buffer.from(line).subarray(0, maxLineBytes - 3);
  return `${cut.toString("utf8").replace(/\ufffd$/, "")}...`;
}

/**
 * Decodes xtext (RFC 3461 §4) into printable text: what is no valid xtext stays as it is, and an octet that is
 * no printable ASCII character stays in its `+XX` form, so that no value can smuggle a line end.
 */
export function decodeXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (coded, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code >= 0x20 && code <= 0x7e ? String.fromCharCode(code) : coded;
  });
}

/**
 * RFC 6533 §3 utf-8-addr-xtext or utf-8-addr-unitext of an ORCPT with the type `utf-8`: `\x{HEX}` becomes its
 * character when it is a printable one above 127.
 */
export function decodeUnitext(text: string): string {
  return text.replace(/\\x\{([0-9A-F]{2,6})\}/g, (coded, hex: string) => {
    const code = Number.parseInt(hex, 16);
    const valid = code > 0x9f && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return valid && code !== 0x2028 && code !== 0x2029 ? String.fromCodePoint(code) : coded;
  });
}

/**
 * A `Subject` field: prefix and the original's subject. Encoded words are kept as they are; other than ASCII is
 * put into encoded words (RFC 2047), or kept when `utf8` header fields are allowed. Folded at white space.
 */
export function foldedSubject(prefix: string, original: string | undefined, utf8: boolean): string {
  const subject = singleLine(original ?? "") || "(no subject)";
  const words =
    utf8 || isAscii(subject) ? subject.split(" ").filter((word) => word !== "") : encodedWords(subject);
  let line = `Subject: ${prefix.trimEnd()}`;
  const lines: string[] = [];
  for (const word of words) {
    if (line.length + 1 + word.length > 76 && line.trim() !== "") {
      lines.push(line);
      line = ` ${word}`;
    } else line += ` ${word}`;
  }
  lines.push(line);
  return lines.join("\r\n");
}
