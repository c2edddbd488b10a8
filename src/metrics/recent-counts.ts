/** How often something happened in the last ten minutes, by what tells it apart. Bounded. */

export interface RecentCount<What> {
  /** As it was the last time. */
  readonly what: What;
  /** In the last ten minutes, to the minute. */
  readonly count: number;
  /** `Clock.now()` of the first and the last of them. */
  readonly since: number;
  readonly lastAt: number;
}

export interface RecentCounts<What> {
  /** Cost: a look-up. Beyond `most` keys within ten minutes, new ones are left out. */
  add(key: string, what: What, nowMs: number): void;
  /** Those that happened most first. Cost: per key. */
  recent(nowMs: number): readonly RecentCount<What>[];
}

interface Counted<What> {
  what: What;
  readonly minutes: Uint32Array;
  lastMinute: number;
  since: number;
  lastAt: number;
}

export const recentMinutes = 10;

export function createRecentCounts<What>(most: number): RecentCounts<What> {
  const byKey = new Map<string, Counted<What>>();

  const forget = (minute: number): void => {
    for (const [key, { lastAt }] of byKey)
      if (Math.floor(lastAt / 60_000) <= minute - recentMinutes) byKey.delete(key);
  };

  return {
    add(key, what, nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      let counted = byKey.get(key);
      if (counted === undefined) {
        if (byKey.size >= most) forget(minute);
        if (byKey.size >= most) return;
        const minutes = new Uint32Array(recentMinutes);
        counted = { what, minutes, lastMinute: minute, since: nowMs, lastAt: nowMs };
        byKey.set(key, counted);
      }
      turn(counted, minute, nowMs);
      const at = minute % recentMinutes;
      counted.minutes[at] = (counted.minutes[at] ?? 0) + 1;
      counted.what = what;
      counted.lastAt = nowMs;
    },
    recent(nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      forget(minute);
      const all: RecentCount<What>[] = [];
      for (const counted of byKey.values()) {
        turn(counted, minute, nowMs);
        const { what, since, lastAt, minutes } = counted;
        all.push({ what, count: minutes.reduce((total, one) => total + one, 0), since, lastAt });
      }
      return all.sort((a, b) => b.count - a.count);
    },
  };
}

/** Empties the minutes that have gone by since; `since` follows what is still counted. */
function turn(counted: Counted<unknown>, minute: number, nowMs: number): void {
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
