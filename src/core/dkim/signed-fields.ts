/** Which fields a signature is of, and in which order (RFC 6376 §5.4). */
import type { FieldText } from "./header-fields.ts";

/** Signed as often as they stand there, and named once more so that none can be added (§8.15). */
const oversigned = [
  "from",
  "reply-to",
  "subject",
  "date",
  "to",
  "cc",
  "message-id",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
];
/** Signed where they stand; mailing lists and forwarders add them, so nothing is said of more. */
const signed = new Set([
  ...oversigned,
  "sender",
  "in-reply-to",
  "references",
  "content-id",
  "content-description",
  "resent-date",
  "resent-from",
  "resent-sender",
  "resent-to",
  "resent-cc",
  "resent-message-id",
  "list-id",
  "list-help",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "list-subscribe",
  "list-post",
  "list-owner",
  "list-archive",
  "auto-submitted",
  "importance",
  "feedback-id",
]);

/** Every field of the list above, `From` alone (which §5.4 cannot do without), or none. */
export type Oversign = "default" | "fromOnly" | "none";

/** In the order of hashing: of repeated fields the lowest first (§5.4.2). */
export function signedFields(fields: readonly FieldText[]): readonly FieldText[] {
  const chosen: FieldText[] = [];
  for (let at = fields.length - 1; at >= 0; at--) {
    const field = fields[at]!;
    if (signed.has(field.kind)) chosen.push(field);
  }
  return chosen;
}

/** The `h=` tag's names for these fields, in the order of hashing. */
export function signedNames(chosen: readonly FieldText[], oversign: Oversign): readonly string[] {
  const names = chosen.map(({ kind }) => kind);
  if (oversign === "default") names.push(...oversigned);
  else if (oversign === "fromOnly") names.push("from");
  return names;
}
