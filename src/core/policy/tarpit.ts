/** How long a reply is held back. Sources: Exchange TarpitInterval, AuthTarpitInterval; RFC 5321 §4.5.3.2. */
import type { Reply } from "../smtp/reply.ts";
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

export interface TarpitFacts {
  readonly authenticated: boolean;
  /** The address left an earlier session while a reply was held back. */
  readonly discredited: boolean;
}

/**
 * Milliseconds to hold the reply back; 0 for none. Anonymous clients wait for every refusal (5xx); a discredited
 * address waits for every reply. Authenticated clients never wait, except for a failed authentication.
 */
export function tarpitDelay(
  settings: Pick<ReceiveConnectorSettings, "tarpitInterval" | "authTarpitInterval">,
  reply: Reply,
  facts: TarpitFacts,
): number {
  if (reply.code === 535) return settings.authTarpitInterval;
  if (facts.authenticated || reply.code === 221 || reply.code === 421) return 0;
  return reply.code >= 500 || facts.discredited ? settings.tarpitInterval : 0;
}
