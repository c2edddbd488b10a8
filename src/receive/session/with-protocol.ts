import type { SessionState, Transaction } from "./state.ts";

/** The protocol's name in the Received header (RFC 3848, RFC 6531 §3.7.3). */
export function withProtocol(state: SessionState, transaction: Transaction): string {
  if (state.hello?.verb === "HELO") return "SMTP";
  const family = transaction.smtpUtf8 ? "UTF8SMTP" : "ESMTP";
  return `${family}${state.tls === undefined ? "" : "S"}${state.authenticatedUser === undefined ? "" : "A"}`;
}
