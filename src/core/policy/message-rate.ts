/** Whose messages a rate counts together. Sources: Exchange MessageRateLimit, MessageRateSource. */
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

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
