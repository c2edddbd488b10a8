/**
 * Limits that are only looked at: which value is enforced in their place, and what is looked at as if it alone were
 * enforced. Settings: `reportOnly`, `candidate`; decision 61.
 */
import type { ConnectionLimits, ConnectionRefusal } from "./connection-limits.ts";
import type { ReceiveConnectorSettings, WatchedConnections, WatchedLimits } from "./receive-connector.ts";
import {
  reportableLimits,
  type LimitValues,
  type ReportableLimit,
  type SomeLimitValues,
} from "./reportable-limits.ts";

const mib = 1_048_576;

/**
 * What holds in place of a limit that is only looked at: nothing, where that costs no more than an "unlimited" that can
 * be configured anyway; else what protects memory (a header is held whole), disk, and from mail that goes in circles.
 */
const ceilings: LimitValues = {
  maxInboundConnection: Infinity,
  maxInboundConnectionPerSource: Infinity,
  maxInboundConnectionPercentagePerSource: 100,
  messageRateLimit: Infinity,
  maxProtocolErrors: Infinity,
  maxMessageSize: 2_147_483_647,
  maxHeaderSize: 4 * mib,
  maxRecipientsPerMessage: 50_000,
  maxHopCount: 500,
};

const neverReached: LimitValues = { ...ceilings, maxHeaderSize: Infinity, maxRecipientsPerMessage: Infinity };

export interface Split {
  readonly enforced: LimitValues;
  /** Undefined: nothing is only looked at. */
  readonly watched: WatchedLimits | undefined;
}

/** `configured`: as the file has them; no limit stands both in `reportOnly` and in `candidate`. */
export function splitLimits(
  configured: LimitValues,
  reportOnly: readonly ReportableLimit[],
  candidate: SomeLimitValues,
): Split {
  if (reportOnly.length === 0 && Object.keys(candidate).length === 0)
    return { enforced: configured, watched: undefined };
  const isReportOnly = (limit: ReportableLimit): boolean => reportOnly.includes(limit);
  const enforced = mapLimits((limit) =>
    isReportOnly(limit) ? Math.max(configured[limit], ceilings[limit]) : configured[limit],
  );
  const values: Partial<Record<ReportableLimit, number>> = {};
  for (const limit of reportableLimits) {
    const value = isReportOnly(limit) ? configured[limit] : candidate[limit];
    if (value !== undefined && value < neverReached[limit]) values[limit] = value;
  }
  // It is a part of a total that refuses nobody, so it refuses nobody either.
  const { maxInboundConnectionPercentagePerSource: percentage } = configured;
  if (isReportOnly("maxInboundConnection") && percentage < 100)
    values.maxInboundConnectionPercentagePerSource ??= percentage;
  const watched = { values, connections: watchedConnections(enforced, values) };
  return { enforced, watched: Object.keys(values).length === 0 ? undefined : watched };
}

/** The value as the file has it, whether it is enforced or not. */
export function configuredLimit(
  connector: LimitValues & Pick<ReceiveConnectorSettings, "reportOnly" | "watched">,
  limit: ReportableLimit,
): number {
  if (connector.reportOnly?.includes(limit) !== true) return connector[limit];
  return connector.watched?.values[limit] ?? connector[limit];
}

/** Whether it is looked at because `reportOnly` has it, and not as a candidate. With a total goes the percentage of it. */
export function isOnlyLookedAt(limit: string, reportOnly: readonly string[]): boolean {
  const isPart = limit === "maxInboundConnectionPercentagePerSource";
  return reportOnly.includes(limit) || (isPart && reportOnly.includes("maxInboundConnection"));
}

/** Whether it is this limit's to tell: what keeps a connection out of its counts may be another, which tells it itself. */
export function isOwnRefusal({ limit }: WatchedConnections, refused: ConnectionRefusal): boolean {
  // Enforcing a total enforces the percentage of it.
  const isPart =
    limit === "maxInboundConnection" && refused.limit === "maxInboundConnectionPercentagePerSource";
  return isPart || refused.limit === limit;
}

const connectionLimits = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
] as const satisfies readonly (keyof ConnectionLimits)[];

function watchedConnections(enforced: LimitValues, values: SomeLimitValues): readonly WatchedConnections[] {
  const { maxInboundConnection, maxInboundConnectionPerSource, maxInboundConnectionPercentagePerSource } =
    enforced;
  return connectionLimits.flatMap((limit) => {
    const value = values[limit];
    if (value === undefined) return [];
    // Where no total is enforced, it is a percentage of the one that is looked at.
    const total =
      limit === "maxInboundConnectionPercentagePerSource" && maxInboundConnection === Infinity
        ? (values.maxInboundConnection ?? Infinity)
        : maxInboundConnection;
    const limits: ConnectionLimits = {
      maxInboundConnection: total,
      maxInboundConnectionPerSource,
      maxInboundConnectionPercentagePerSource,
      [limit]: value,
    };
    return [{ limit, limits }];
  });
}

function mapLimits(of: (limit: ReportableLimit) => number): LimitValues {
  return Object.fromEntries(reportableLimits.map((limit) => [limit, of(limit)])) as unknown as LimitValues;
}
