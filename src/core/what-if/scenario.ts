/** What is tried on recorded traffic: settings, and what clients do that are refused. */
import type { ConnectionLimits } from "../policy/connection-limits.ts";
import type { ReceiveConnectorSettings } from "../policy/receive-connector.ts";

/** What of a receive connector decides whom it serves and what its limits do. */
export type ReplayedConnector = ConnectionLimits &
  Pick<
    ReceiveConnectorSettings,
    | "name"
    | "enabled"
    | "bindings"
    | "httpBindings"
    | "remoteIpRanges"
    | "messageRateLimit"
    | "messageRateSource"
    | "limitAction"
    | "limitDelay"
  >;

export interface Scenario {
  readonly connectors: readonly ReplayedConnector[];
  readonly maxConnectionRatePerMinute: number;
}

/**
 * What a client does when it is refused: it is gone, and what it would have sent with it; or it comes again so much later, with
 * the same messages at the same distances, and gives up after so many more tries.
 */
export type RefusedClients =
  | { readonly kind: "gone" }
  | { readonly kind: "again"; readonly afterMs: number; readonly tries: number };

/** Of which sources it is told in each world: so many, those in most trouble; or those that were refused. */
export type ToldSources = number | "refused";

/** Limits that a replay decides by; `remoteIpRanges`: no connector would be for the address. */
export const replayedLimits = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "messageRateLimit",
  "maxConnectionRatePerMinute",
  "remoteIpRanges",
] as const;
export type ReplayedLimit = (typeof replayedLimits)[number];
