/**
 * Whether one more connection may come in. Sources: Exchange MaxInboundConnection,
 * MaxInboundConnectionPerSource, MaxInboundConnectionPercentagePerSource.
 */
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

/** Above it maxInboundConnectionPerSource takes `unlimited` alone. */
export const mostConnectionsPerSource = 10_000;

export type ConnectionLimits = Pick<
  ReceiveConnectorSettings,
  "maxInboundConnection" | "maxInboundConnectionPerSource" | "maxInboundConnectionPercentagePerSource"
>;

export interface ConnectionCounts {
  /** Open connections of the connector, the one at the door not counted. */
  readonly open: number;
  /** Those of them that come from the same source. */
  readonly openFromSource: number;
}

export interface ConnectionRefusal {
  readonly limit: keyof ConnectionLimits;
  /** The setting as configured: a count, or a percentage. */
  readonly configured: number;
  /** The count it allowed at this moment. */
  readonly allowed: number;
  /** The count it was held against. */
  readonly seen: number;
}

/** The limit that refuses the connection, or undefined when it is admitted. Cost: arithmetic. */
export function refuseConnection(
  limits: ConnectionLimits,
  counts: ConnectionCounts,
): ConnectionRefusal | undefined {
  const total = limits.maxInboundConnection;
  if (counts.open >= total) {
    return { limit: "maxInboundConnection", configured: total, allowed: total, seen: counts.open };
  }
  const perSource = limits.maxInboundConnectionPerSource;
  if (counts.openFromSource >= perSource) {
    return {
      limit: "maxInboundConnectionPerSource",
      configured: perSource,
      allowed: perSource,
      seen: counts.openFromSource,
    };
  }
  const percentage = limits.maxInboundConnectionPercentagePerSource;
  const allowed = allowedByPercentage(percentage, total, counts.open - counts.openFromSource);
  if (counts.openFromSource >= allowed) {
    return {
      limit: "maxInboundConnectionPercentagePerSource",
      configured: percentage,
      allowed,
      seen: counts.openFromSource,
    };
  }
  return undefined;
}

/**
 * How many connections a source may hold: a percentage of those that others have not taken, at least one while any is
 * left. Its own connections are not held against it, so 100 % never refuses. Without a total there is nothing to take
 * a percentage of.
 */
export function allowedByPercentage(
  percentage: number,
  maxInboundConnection: number,
  openByOthers: number,
): number {
  if (maxInboundConnection === Infinity) return Infinity;
  const remaining = maxInboundConnection - openByOthers;
  return remaining <= 0 ? 0 : Math.max(1, Math.floor((percentage * remaining) / 100));
}
