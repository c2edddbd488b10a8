/**
 * What a ledger keeps of limits that are only watched (promise 6 in ledger.ts): who is there and would have been refused, and
 * what would have been allowed in the minute.
 */
import { refuseConnection, type ConnectionCounts } from "../../core/policy/connection-limits.ts";
import type { WatchedConnections } from "../../core/policy/receive-connector.ts";
import { SlidingMinute } from "../../core/policy/sliding-minute.ts";
import type { Charge, Spent, WouldRefuse } from "./ledger.ts";

export interface WatchedCounts {
  /** What each of them would say to one more connection, were only those there that it would have let in. */
  look(
    connector: string,
    source: string,
    watched: readonly WatchedConnections[] | undefined,
    counts: ConnectionCounts,
  ): readonly WouldRefuse[] | undefined;
  /** The connection is there, but not for these. Returns what ends that. */
  leaveOut(connector: string, source: string, by: readonly WouldRefuse[]): () => void;
  /** What is spent under a charge that is only watched. `second`: whole, as the ledger counts. */
  spend(spent: Spent, watched: Charge | undefined, second: number): Spent;
}

interface LeftOut {
  open: number;
  readonly bySource: Map<string, number>;
}

export function createWatchedCounts(): WatchedCounts {
  /** By connector and limit; those alone of whom somebody is there. */
  const all = new Map<string, LeftOut>();
  const minutes = new Map<string, SlidingMinute>();
  let lastSweep = 0;

  const keyOf = (connector: string, limit: string): string => `${limit} ${connector}`;
  const change = (key: string, source: string, by: 1 | -1): void => {
    const one = all.get(key) ?? { open: 0, bySource: new Map<string, number>() };
    one.open += by;
    const ofSource = (one.bySource.get(source) ?? 0) + by;
    if (ofSource === 0) one.bySource.delete(source);
    else one.bySource.set(source, ofSource);
    if (one.open === 0) all.delete(key);
    else all.set(key, one);
  };
  const seenOf = (key: string, second: number): number => minutes.get(key)?.totalAt(second) ?? 0;

  return {
    look(connector, source, watched, counts) {
      if (watched === undefined) return undefined;
      let found: WouldRefuse[] | undefined;
      for (const by of watched) {
        const out = all.get(keyOf(connector, by.limit));
        const seen =
          out === undefined
            ? counts
            : {
                open: counts.open - out.open,
                openFromSource: counts.openFromSource - (out.bySource.get(source) ?? 0),
              };
        const refused = refuseConnection(by.limits, seen);
        if (refused !== undefined) (found ??= []).push({ by, refused });
      }
      return found;
    },
    leaveOut(connector, source, by) {
      const keys = by.map(({ by: { limit } }) => keyOf(connector, limit));
      for (const key of keys) change(key, source, 1);
      return () => {
        for (const key of keys) change(key, source, -1);
      };
    },
    spend(spent, watched, second) {
      if (watched === undefined) return spent;
      if (second - lastSweep >= 60) {
        lastSweep = second;
        for (const key of minutes.keys()) if (seenOf(key, second) === 0) minutes.delete(key);
      }
      const wouldRefuseAt = seenOf(watched.key, second);
      if (wouldRefuseAt >= watched.limit) return { ...spent, wouldRefuseAt };
      if (spent.refused !== undefined) return spent;
      const minute = minutes.get(watched.key) ?? new SlidingMinute(second);
      minute.totalAt(second);
      minute.add();
      minutes.set(watched.key, minute);
      return spent;
    },
  };
}
