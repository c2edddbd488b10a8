/** Encoded words (RFC 2047): text other than ASCII in header fields. */

/** Octets of text in one: with its frame and Base64 it has 72 characters, 75 is the most there may be. */
const maxWordOctets = 45;

/**
 * Words of Base64 and UTF-8, none splitting a character; a blank between two of them is read as nothing (§6.2).
 * `firstOctets`: of the first, which shares its line with the field's name.
 */
export function encodedWords(text: string, firstOctets = maxWordOctets): string[] {
  const words: string[] = [];
  let chunk = "";
  let octets = 0;
  for (const character of text) {
    const size = utf8Size(character.codePointAt(0)!);
    if (octets + size > (words.length === 0 ? firstOctets : maxWordOctets)) {
      words.push(encodedWord(chunk));
      chunk = "";
      octets = 0;
    }
    chunk += character;
    octets += size;
  }
  if (chunk !== "") words.push(encodedWord(chunk));
  return words;
}

function encodedWord(text: string): string {
  return `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;
}

function utf8Size(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
