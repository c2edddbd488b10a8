/** A header field as it is hashed: RFC 6376 §3.4.1 (simple) and §3.4.2 (relaxed). Octets as characters, never what they mean. */
import type { Canonicalization } from "./canonical-body.ts";
import type { FieldText } from "./header-fields.ts";

const space = 32;

/** Without a final CRLF: it is the one between fields, and the signature's own field has none. */
export function canonicalField({ kind, text }: FieldText, form: Canonicalization): string {
  if (form === "simple") return text;
  let value = text.slice(text.indexOf(":") + 1);
  // Most values have no more than the space in front.
  if (/\r\n[ \t]|\t| {2}/.test(value)) value = value.replace(/\r\n(?=[ \t])/g, "").replace(/[ \t]+/g, " ");
  const from = value.charCodeAt(0) === space ? 1 : 0;
  const to = value.length > from && value.charCodeAt(value.length - 1) === space ? -1 : undefined;
  return `${kind}:${value.slice(from, to)}`;
}
