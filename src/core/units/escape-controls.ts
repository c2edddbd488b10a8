/** Text from outside made safe for one line of a log. */

/** Most text. */
const plain = /^[\x20-\x7e]*$/;

/** Control characters, line separators and bidirectional overrides become `\xNN` or `\u{N}`, so no value forges a line. */
export function escapeControls(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
