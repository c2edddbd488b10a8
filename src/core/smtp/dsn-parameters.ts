/** The values of RCPT's parameters NOTIFY and ORCPT. */
import type { Notify } from "../message/envelope.ts";
import { classOf, hexDigit, isUnsafeUnicode, keywordChar, xchar } from "./characters.ts";
import { decodeXtext } from "./xtext.ts";

const maxOrcptOctets = 500;

/** The value of NOTIFY, or undefined when it is malformed (RFC 3461 §4.1): NEVER stands alone. */
export function parseNotify(value: string): Notify | undefined {
  const list = value.toUpperCase();
  if (list === "NEVER") return { never: true, success: false, failure: false, delay: false };
  // Twice each word, which the grammar allows.
  if (list.length > 50) return undefined;
  let success = false;
  let failure = false;
  let delay = false;
  for (const word of list.split(",")) {
    if (word === "SUCCESS") success = true;
    else if (word === "FAILURE") failure = true;
    else if (word === "DELAY") delay = true;
    else return undefined;
  }
  return { never: false, success, failure, delay };
}

/** Whether a value of ORCPT is well-formed and decodes to printable characters (RFC 3461 §4.2, RFC 6533 §3). */
export function isOriginalRecipient(value: string): boolean {
  const split = value.indexOf(";");
  if (value.length > maxOrcptOctets || split < 1 || split === value.length - 1) return false;
  for (let i = 0; i < split; i++) {
    const c = value.charCodeAt(i);
    if (c > 127 || (classOf[c]! & keywordChar) === 0) return false;
  }
  const address = value.slice(split + 1);
  return value.slice(0, split).toLowerCase() === "utf-8"
    ? isUtf8Address(address)
    : decodeXtext(address) !== undefined;
}

/** utf-8-addr-xtext or utf-8-addr-unitext: QCHARs, UTF-8, and `\x{HEX}`; `+` and `=` only in that form. */
function isUtf8Address(address: string): boolean {
  for (let i = 0; i < address.length; i++) {
    const c = address.charCodeAt(i);
    if (c > 127) {
      if (isUnsafeUnicode(c)) return false;
    } else if (c === 92) {
      if (address.charCodeAt(i + 1) !== 120 || address.charCodeAt(i + 2) !== 123) return false;
      const end = address.indexOf("}", i + 3);
      if (end < i + 5 || end > i + 9 || !isEmbeddedCodePoint(address.slice(i + 3, end))) return false;
      i = end;
    } else if ((classOf[c]! & xchar) === 0) return false;
  }
  return true;
}

function isEmbeddedCodePoint(hex: string): boolean {
  const upper = hex.toUpperCase();
  for (let i = 0; i < upper.length; i++) {
    const c = upper.charCodeAt(i);
    if (c > 127 || (classOf[c]! & hexDigit) === 0) return false;
  }
  const point = Number.parseInt(upper, 16);
  if (point < 128) return point === 0x20 || point === 0x2b || point === 0x3d || point === 0x5c;
  return (
    upper[0] !== "0" &&
    point <= 0x10ffff &&
    !(point >= 0xd800 && point <= 0xdfff) &&
    !(point < 0x10000 && isUnsafeUnicode(point))
  );
}
