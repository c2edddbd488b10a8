/** Character classes of the wire's grammar, by code unit. */

export const tab = 9;
export const lineFeed = 10;
export const carriageReturn = 13;
export const space = 32;
export const dot = 46;

export const atext = 1;
export const letDig = 2;
export const xchar = 4;
export const keywordChar = 8;
export const hexDigit = 16;

/** Classes of the ASCII characters as bit sets; index with a code below 128. */
export const classOf: Uint8Array = classes();

function classes(): Uint8Array {
  const table = new Uint8Array(128);
  const add = (characters: string, bit: number): void => {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)]! |= bit;
  };
  const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  // RFC 5322 §3.2.3
  add(`${alphanumeric}!#$%&'*+-/=?^_\`{|}~`, atext);
  add(alphanumeric, letDig);
  add(`${alphanumeric}-`, keywordChar);
  // RFC 3461 §4 knows upper-case hexadecimal only.
  add("0123456789ABCDEF", hexDigit);
  for (let c = 33; c < 127; c++) if (c !== 43 && c !== 61) table[c]! |= xchar;
  return table;
}

/**
 * Whether a code unit above 127 may not stand in an address or command: C1 controls, spaces other than U+0020, line
 * and paragraph separators, bidirectional and other invisible formatting, non-characters. Zero-width joiners (U+200C,
 * U+200D) are part of the writing of several languages and stay.
 */
export function isUnsafeUnicode(c: number): boolean {
  if (c < 0x2000) return (c >= 0x80 && c <= 0xa0) || c === 0x61c || c === 0x1680 || c === 0x180e;
  if (c <= 0x206f)
    return c <= 0x200f ? c !== 0x200c && c !== 0x200d : (c >= 0x2028 && c <= 0x202f) || c >= 0x205f;
  return c === 0x3000 || c === 0xfeff || (c >= 0xfff0 && c !== 0xfffd) || (c >= 0xfdd0 && c <= 0xfdef);
}

export function isAscii(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** Octets of `text` from `from` to `to` in UTF-8. */
export function utf8Length(text: string, from: number, to: number): number {
  let octets = 0;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80) octets++;
    else if (c < 0x800 || (c >= 0xd800 && c <= 0xdfff)) octets += 2;
    else octets += 3;
  }
  return octets;
}
