/** What stands in the protocol log: a request may name 64 KB of recipients, and an answer each of them again. */

/** Of SMTP's longest replies; characters. */
const mostChars = 2_000;

export function shownInLog(text: string): string {
  return text.length <= mostChars ? text : `${text.slice(0, mostChars)}... (${text.length} characters)`;
}
