/** Who was refused what in the last ten minutes, and totals by connector, kind and limit. Both are bounded. */
import type { RefusalKind } from "../core/refusals/catalogue.ts";
import { noConnectorName, type Refusal } from "../core/refusals/refusal.ts";
import { createRecentCounts } from "./recent-counts.ts";

/** The last of them, with the limit as it was then. */
export interface RecentRefusal extends Omit<Refusal, "source"> {
  /** As limits count it: an IPv6 source is a network. */
  readonly source: string;
  /** Of the last one. */
  readonly address: string;
  /** In the last ten minutes, to the minute. */
  readonly count: number;
  /** `Clock.now()` of the first and the last of them. */
  readonly since: number;
  readonly lastAt: number;
}

export interface RefusalTotal {
  /** `noConnectorName`: none was for the client. */
  readonly connector: string;
  readonly kind: RefusalKind;
  /** Empty where it was no limit. */
  readonly limit: string;
  readonly total: number;
}

export interface RecentRefusals {
  add(refusal: Refusal, source: string, nowMs: number): void;
  /** Those most refused first. Cost: per source and kind refused lately. */
  recent(nowMs: number): readonly RecentRefusal[];
  /** Since the start. */
  totals(): readonly RefusalTotal[];
}

/** A flood from ever new sources must not fill memory: beyond these, sources are not told apart. */
const mostSources = 2_000;
/** Connectors come from the configuration; this bounds what renaming them again and again leaves behind. */
const mostTotals = 1_000;
export const otherConnectors = "other";

export function createRecentRefusals(): RecentRefusals {
  const bySource = createRecentCounts<{ readonly refusal: Refusal; readonly source: string }>(mostSources);
  const byKind = new Map<string, { connector: string; kind: RefusalKind; limit: string; total: number }>();

  const count = (connector: string, kind: RefusalKind, limit: string): void => {
    const key = `${connector}\n${kind}\n${limit}`;
    const known = byKind.get(key);
    if (known !== undefined) known.total++;
    else if (byKind.size < mostTotals || connector === otherConnectors)
      byKind.set(key, { connector, kind, limit, total: 1 });
    else count(otherConnectors, kind, limit);
  };

  return {
    add(refusal, source, nowMs) {
      const { connector = noConnectorName, kind, limit = "" } = refusal;
      count(connector, kind, limit);
      bySource.add(`${connector}\n${kind}\n${limit}\n${source}`, { refusal, source }, nowMs);
    },
    recent: (nowMs) =>
      bySource.recent(nowMs).map(({ what: { refusal, source }, count: times, since, lastAt }) => ({
        ...refusal,
        source,
        address: refusal.source,
        count: times,
        since,
        lastAt,
      })),
    totals: () => [...byKind.values()],
  };
}
