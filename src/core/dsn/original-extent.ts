/** How much of the original a report carries. */
import type { ReportKind, ReportRecipient } from "./report-input.ts";

/**
 * `headers` where the whole would be refused as the message was: for its size (5.2.3, 5.3.4), its form (5.6.x) or a
 * rule (5.7.x; a content filter), with or without an enhanced code, for good or until it expired. Also above
 * `maxAttachBytes`, and as RET asks, which speaks of failures only; other reports carry the header (RFC 3461 §4.3).
 */
export function originalExtent(
  kind: ReportKind,
  recipients: readonly ReportRecipient[],
  original: { readonly ret: "FULL" | "HDRS" | undefined; readonly sizeBytes: number },
  maxAttachBytes: number,
): "full" | "headers" {
  if (kind !== "failed" || original.ret === "HDRS" || original.sizeBytes > maxAttachBytes) return "headers";
  return recipients.some(isAboutContent) ? "headers" : "full";
}

const enhancedOfContent = /\b[45]\.(?:2\.3|3\.4|6\.\d{1,3}|7\.\d{1,3})\b/;
/** Exceeded storage allocation, transaction failed, and what filters say without an enhanced code. */
const replyToContent = /^(?:[45]52|554)[ -](?![245]\.\d)/;

function isAboutContent({ status, diagnostic }: ReportRecipient): boolean {
  const text = diagnostic?.text ?? "";
  return enhancedOfContent.test(status) || enhancedOfContent.test(text) || replyToContent.test(text);
}
