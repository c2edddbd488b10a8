/** Whether a source may send one more message this minute. Sources: Exchange MessageRateLimit, MessageRateSource. */
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

export interface MessageRateRefusal {
  readonly limit: "messageRateLimit";
  readonly configured: number;
  /** Messages of the source within the last minute. */
  readonly seen: number;
}

/** `sentLastMinute` does not count the message at the door. */
export function refuseMessage(
  messageRateLimit: number,
  sentLastMinute: number,
): MessageRateRefusal | undefined {
  return sentLastMinute >= messageRateLimit
    ? { limit: "messageRateLimit", configured: messageRateLimit, seen: sentLastMinute }
    : undefined;
}

/**
 * Whose messages are counted together; undefined: they are not counted. `User` counts the authenticated user,
 * and an anonymous client by its address, so that it does not escape the limit.
 */
export function messageRateKey(
  messageRateSource: ReceiveConnectorSettings["messageRateSource"],
  source: string,
  authenticatedUser: string | undefined,
): string | undefined {
  switch (messageRateSource) {
    case "None":
      return undefined;
    case "IPAddress":
      return source;
    case "User":
      return authenticatedUser === undefined ? source : `user ${authenticatedUser}`;
    case "All":
      return authenticatedUser === undefined ? source : `user ${authenticatedUser} ${source}`;
  }
}
