/** Who was refused by which limit in the last ten minutes, and totals by connector and limit. Both are bounded. */
import { createRecentCounts } from "./recent-counts.ts";

export interface CountedRefusal {
  readonly connector: string;
  /** The setting's name. */
  readonly limit: string;
  /** What it was set to then. */
  readonly configured: number;
}

export interface RecentRefusal extends CountedRefusal {
  readonly source: string;
  /** In the last ten minutes, to the minute. */
  readonly count: number;
  /** `Clock.now()` of the first and the last of them. */
  readonly since: number;
  readonly lastAt: number;
}

export interface RefusalTotal {
  readonly connector: string;
  readonly limit: string;
  readonly total: number;
}

export interface RecentRefusals {
  add(refusal: CountedRefusal, source: string, nowMs: number): void;
  /** Those most refused first; `configured` as it was at the last. Cost: per source refused lately. */
  recent(nowMs: number): readonly RecentRefusal[];
  /** Since the start. */
  totals(): readonly RefusalTotal[];
}

/** A flood from ever new sources must not fill memory: beyond these, sources of a limit are not told apart. */
const mostSources = 2_000;
/** Connectors come from the configuration; this bounds what renaming them again and again leaves behind. */
const mostTotals = 1_000;
export const otherConnectors = "other";

export function createRecentRefusals(): RecentRefusals {
  const bySource = createRecentCounts<{ readonly refusal: CountedRefusal; readonly source: string }>(
    mostSources,
  );
  const byLimit = new Map<string, { connector: string; limit: string; total: number }>();

  const count = (connector: string, limit: string): void => {
    const key = `${connector}\n${limit}`;
    const known = byLimit.get(key);
    if (known !== undefined) known.total++;
    else if (byLimit.size < mostTotals || connector === otherConnectors)
      byLimit.set(key, { connector, limit, total: 1 });
    else count(otherConnectors, limit);
  };

  return {
    add(refusal, source, nowMs) {
      const { connector, limit } = refusal;
      count(connector, limit);
      bySource.add(`${connector}\n${limit}\n${source}`, { refusal, source }, nowMs);
    },
    recent: (nowMs) =>
      bySource.recent(nowMs).map(({ what: { refusal, source }, count: times, since, lastAt }) => ({
        connector: refusal.connector,
        limit: refusal.limit,
        configured: refusal.configured,
        source,
        count: times,
        since,
        lastAt,
      })),
    totals: () => [...byLimit.values()],
  };
}
