import { refuseConnection } from "../../core/policy/connection-limits.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Charge, Counted, Entry, Lease, Ledger, LedgerEntry, Spent } from "./ledger.ts";
import { SlidingMinute } from "../../core/policy/sliding-minute.ts";
import { createWatchedCounts } from "./watched-counts.ts";

interface ConnectorCount {
  open: number;
  readonly bySource: Map<string, number>;
}

/** The ledger of a single process. Cost of each call: one or two Map look-ups, and the turn of a promise. */
export function createMemoryLedger(clock: Clock): Ledger {
  const connectors = new Map<string, ConnectorCount>();
  const minutes = new Map<string, SlidingMinute>();
  const watchedCounts = createWatchedCounts();
  let lastSweep = 0;

  const take = (
    connector: string,
    source: string,
    count: ConnectorCount,
    takeBack: (() => void) | undefined,
  ): Lease => {
    count.open++;
    count.bySource.set(source, (count.bySource.get(source) ?? 0) + 1);
    let held = true;
    return {
      end: () => {
        if (!held) return;
        held = false;
        takeBack?.();
        count.open--;
        const left = (count.bySource.get(source) ?? 1) - 1;
        if (left === 0) count.bySource.delete(source);
        else count.bySource.set(source, left);
        if (count.open === 0 && connectors.get(connector) === count) connectors.delete(connector);
      },
    };
  };

  const forgetQuietKeys = (second: number): void => {
    lastSweep = second;
    for (const [key, minute] of minutes) if (minute.totalAt(second) === 0) minutes.delete(key);
  };

  const secondOf = (now: number): number => Math.floor(now / 1000);

  /** Seconds until none of the charges is over its limit. */
  const waitOf = (charges: readonly Charge[], second: number): number => {
    let seconds = 0;
    for (const { key, limit } of charges) {
      const minute = minutes.get(key);
      if (minute !== undefined && minute.totalAt(second) >= limit)
        seconds = Math.max(seconds, minute.secondsUntilBelow(limit));
    }
    return seconds;
  };

  return {
    enter(connector, source, limits, watched): Promise<Entry> {
      const count = connectors.get(connector) ?? { open: 0, bySource: new Map<string, number>() };
      const counts = { open: count.open, openFromSource: count.bySource.get(source) ?? 0 };
      const refused = refuseConnection(limits, counts);
      const wouldRefuse = watchedCounts.look(connector, source, watched, counts);
      if (refused !== undefined) return Promise.resolve({ refused, wouldRefuse });
      connectors.set(connector, count);
      const out = wouldRefuse && watchedCounts.leaveOut(connector, source, wouldRefuse);
      return Promise.resolve({ lease: take(connector, source, count, out), counts, wouldRefuse });
    },
    spend(charges, watched): Promise<Spent> {
      const second = secondOf(clock.now());
      if (second - lastSweep >= 60) forgetQuietKeys(second);
      let seenOfFirst: number | undefined;
      for (const charge of charges) {
        const seen = minutes.get(charge.key)?.totalAt(second) ?? 0;
        if (seen >= charge.limit)
          return Promise.resolve(
            watchedCounts.spend(
              { refused: charge, seen, waitSeconds: waitOf(charges, second) },
              watched,
              second,
            ),
          );
        seenOfFirst ??= seen;
      }
      for (const { key } of charges) {
        const minute = minutes.get(key) ?? new SlidingMinute(second);
        minute.totalAt(second);
        minute.add();
        minutes.set(key, minute);
      }
      const spent: Spent = { refused: undefined, seen: seenOfFirst ?? 0, waitSeconds: 0 };
      return Promise.resolve(watchedCounts.spend(spent, watched, second));
    },
    counted(charges): Promise<readonly Counted[]> {
      const second = secondOf(clock.now());
      return Promise.resolve(
        charges.map((charge): Counted => {
          const minute = minutes.get(charge.key);
          const seen = minute?.totalAt(second) ?? 0;
          const below = Math.min(seen, charge.limit);
          return {
            charge,
            seen,
            freesInSeconds: minute === undefined || seen === 0 ? 0 : minute.secondsUntilBelow(below),
          };
        }),
      );
    },
    snapshot() {
      const entries: LedgerEntry[] = [];
      for (const [connector, count] of connectors) {
        for (const [source, open] of count.bySource) entries.push({ connector, source, open });
      }
      return Promise.resolve(entries);
    },
  };
}
