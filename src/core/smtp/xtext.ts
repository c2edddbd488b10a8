/** xtext: RFC 3461 §4. */
import { classOf, hexDigit, xchar } from "./characters.ts";

const plus = 43;

/**
 * Decodes xtext (RFC 3461 §4); undefined when it is malformed or does not decode to printable ASCII, which
 * RFC 3461 demands of ENVID and ORCPT and which keeps line ends out of reports.
 */
export function decodeXtext(text: string): string | undefined {
  let decoded = "";
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) return undefined;
    if (c === plus) {
      const code = hexPair(text, i + 1);
      if (code < 32 || code > 126) return undefined;
      decoded += text.slice(copied, i) + String.fromCharCode(code);
      i += 2;
      copied = i + 1;
    } else if ((classOf[c]! & xchar) === 0) return undefined;
  }
  return copied === 0 ? text : decoded + text.slice(copied);
}

/** The octet of two upper-case hexadecimal digits, or -1. */
function hexPair(text: string, at: number): number {
  for (let i = at; i < at + 2; i++) {
    const c = text.charCodeAt(i);
    if (!(c < 128) || (classOf[c]! & hexDigit) === 0) return -1;
  }
  return Number.parseInt(text.slice(at, at + 2), 16);
}
