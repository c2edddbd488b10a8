/** A header field as it is hashed: RFC 6376 §3.4.1 (simple) and §3.4.2 (relaxed). Octets, never characters. */
import type { Canonicalization } from "./canonical-body.ts";
import type { HeaderField } from "./header-fields.ts";

/** Without a final CRLF: it is the one between fields, and the signature's own field has none. */
export function canonicalField(field: HeaderField, form: Canonicalization): Buffer {
  if (form === "simple") return field.octets;
  const whole = field.octets.toString("latin1");
  const value = whole
    .slice(whole.indexOf(":") + 1)
    .replaceAll(/\r\n(?=[ \t])/gu, "")
    .replaceAll(/[ \t]+/gu, " ")
    .replace(/^ /u, "")
    .replace(/ $/u, "");
  return Buffer.from(`${field.name.toLowerCase()}:${value}`, "latin1");
}
