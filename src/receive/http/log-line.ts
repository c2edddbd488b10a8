/** What stands in the protocol log: a request may name 64 KB of recipients, and an answer each of them again. */

/** As SMTP's longest replies; characters. */
const mostChars = 2_000;

export function shownInLog(text: string): string {
  const shown = withoutKeys(text);
  return shown.length <= mostChars ? shown : `${shown.slice(0, mostChars)}... (${shown.length} characters)`;
}

/** A key belongs into a header field; who puts it into the path or a field of JSON has it in no log of ours all the same. */
export function withoutKeys(text: string): string {
  return text.includes("weir_") ? text.replaceAll(/weir_[0-9A-Za-z_-]{20,}/g, "weir_...") : text;
}
