/** RFC 5321 §4.5.3.1.6, without CRLF. */
const longestLine = 998;
const carriageReturn = 13;
const lineFeed = 10;

/** Every server takes these octets: ASCII without NUL, lines of at most 998 octets ending in CRLF (RFC 2045 §2.7). */
export function isSevenBit(octets: Uint8Array): boolean {
  let column = 0;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i]!;
    if (octet === 0 || octet > 127) return false;
    if (octet === carriageReturn) {
      if (octets[i + 1] !== lineFeed) return false;
      column = -1;
    } else if (octet === lineFeed && (i === 0 || octets[i - 1] !== carriageReturn)) {
      return false;
    } else if (++column > longestLine) {
      return false;
    }
  }
  return true;
}
