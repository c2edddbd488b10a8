/** Who was refused by which limit in the last ten minutes, and totals by connector and limit. Both are bounded. */
export interface RecentRefusal {
  readonly connector: string;
  readonly limit: string;
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
  add(connector: string, limit: string, source: string, nowMs: number): void;
  /** Those most refused first. Cost: per source refused lately. */
  recent(nowMs: number): readonly RecentRefusal[];
  /** Since the start. */
  totals(): readonly RefusalTotal[];
}

interface Counted {
  readonly connector: string;
  readonly limit: string;
  readonly source: string;
  readonly minutes: Uint32Array;
  lastMinute: number;
  since: number;
  lastAt: number;
}

export const recentMinutes = 10;
/** A flood from ever new sources must not fill memory: beyond these, sources of a limit are not told apart. */
const mostSources = 2_000;
/** Connectors come from the configuration; this bounds what renaming them again and again leaves behind. */
const mostTotals = 1_000;
export const otherConnectors = "other";

export function createRecentRefusals(): RecentRefusals {
  const bySource = new Map<string, Counted>();
  const byLimit = new Map<string, { connector: string; limit: string; total: number }>();

  const forget = (minute: number): void => {
    for (const [key, { lastAt }] of bySource)
      if (Math.floor(lastAt / 60_000) <= minute - recentMinutes) bySource.delete(key);
  };

  const count = (connector: string, limit: string): void => {
    const key = `${connector}\n${limit}`;
    const known = byLimit.get(key);
    if (known !== undefined) known.total++;
    else if (byLimit.size < mostTotals || connector === otherConnectors)
      byLimit.set(key, { connector, limit, total: 1 });
    else count(otherConnectors, limit);
  };

  return {
    add(connector, limit, source, nowMs) {
      count(connector, limit);
      const minute = Math.floor(nowMs / 60_000);
      const key = `${connector}\n${limit}\n${source}`;
      let counted = bySource.get(key);
      if (counted === undefined) {
        if (bySource.size >= mostSources) forget(minute);
        if (bySource.size >= mostSources) return;
        const minutes = new Uint32Array(recentMinutes);
        counted = { connector, limit, source, minutes, lastMinute: minute, since: nowMs, lastAt: nowMs };
        bySource.set(key, counted);
      }
      turn(counted, minute, nowMs);
      const at = minute % recentMinutes;
      counted.minutes[at] = (counted.minutes[at] ?? 0) + 1;
      counted.lastAt = nowMs;
    },
    recent(nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      forget(minute);
      const all: RecentRefusal[] = [];
      for (const counted of bySource.values()) {
        turn(counted, minute, nowMs);
        const { connector, limit, source, since, lastAt, minutes } = counted;
        const sum = minutes.reduce((total, one) => total + one, 0);
        all.push({ connector, limit, source, count: sum, since, lastAt });
      }
      return all.sort((a, b) => b.count - a.count);
    },
    totals: () => [...byLimit.values()],
  };
}

/** Empties the minutes that have gone by since; `since` follows what is still counted. */
function turn(counted: Counted, minute: number, nowMs: number): void {
  const passed = minute - counted.lastMinute;
  if (passed <= 0) return;
  if (passed >= recentMinutes) {
    counted.minutes.fill(0);
    counted.since = nowMs;
  } else {
    for (let step = 1; step <= passed; step++)
      counted.minutes[(counted.lastMinute + step) % recentMinutes] = 0;
    counted.since = Math.max(counted.since, (minute - recentMinutes + 1) * 60_000);
  }
  counted.lastMinute = minute;
}
