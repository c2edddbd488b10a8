/**
 * Text that the database takes. It refuses NUL in every text, and in JSON halves of surrogate pairs too, so that one word of a stranger
 * would fail the whole call, and all that waits behind it. What it does not take is U+FFFD; halves outside of JSON are so by UTF-8 itself.
 */

export function keptText(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

/** `JSON.stringify`, for a parameter of type jsonb. */
export function keptJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "string" ? keptText(inner).replaceAll(/\p{Surrogate}/gu, "\ufffd") : inner,
  );
}

/** A parameter of a query: texts, also in lists. Everything else as it is. */
export function keptValue(value: unknown): unknown {
  if (typeof value === "string") return keptText(value);
  if (Array.isArray(value) && value.some(hasNul)) return value.map(keptValue);
  return value;
}

const hasNul = (value: unknown): boolean => typeof value === "string" && value.includes("\0");
