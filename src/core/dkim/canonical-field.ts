/** A header field as it is hashed: RFC 6376 §3.4.1 (simple) and §3.4.2 (relaxed). Octets as characters, never what they mean. */
import type { Canonicalization } from "./canonical-body.ts";
import type { FieldText } from "./header-fields.ts";

const space = 32;

/** Without a final CRLF: it is the one between fields, and the signature's own field has none. */
export function canonicalField({ kind, text }: FieldText, form: Canonicalization): string {
  if (form === "simple") return text;
  const colon = text.indexOf(":");
  // Most values have no more than the space in front.
  const line = /\r\n[ \t]|\t| {2}/.test(text)
    ? text.slice(0, colon + 1) +
      text
        .slice(colon + 1)
        .replace(/\r\n(?=[ \t])/g, "")
        .replace(/[ \t]+/g, " ")
    : text;
  const from = line.charCodeAt(colon + 1) === space ? colon + 2 : colon + 1;
  const isBlankAtEnd = line.length > from && line.charCodeAt(line.length - 1) === space;
  return `${kind}:${line.slice(from, isBlankAtEnd ? -1 : undefined)}`;
}
