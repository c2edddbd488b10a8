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

export interface SignedFields {
  /** The `h=` tag's names, in the order of hashing. */
  readonly names: readonly string[];
  /** Of repeated fields the lowest first (§5.4.2). */
  readonly fields: readonly FieldText[];
}

/** `oversign`: every field of the list above, `From` alone (which §5.4 cannot do without), or none. */
export function signedFields(
  fields: readonly FieldText[],
  oversign: "default" | "fromOnly" | "none" = "default",
): SignedFields {
  const chosen: FieldText[] = [];
  const names: string[] = [];
  for (let at = fields.length - 1; at >= 0; at--) {
    const field = fields[at]!;
    if (!signed.has(field.kind)) continue;
    chosen.push(field);
    names.push(field.kind);
  }
  if (oversign === "default") names.push(...oversigned);
  else if (oversign === "fromOnly") names.push("from");
  return { names, fields: chosen };
}
