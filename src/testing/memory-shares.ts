/** Shares of what nodes may send together, in memory: the specification in executable form. */
import { countIn, quarterOf, usedIn, type RecipientsDay } from "../core/policy/recipients-day.ts";
import { cautiousStart, paceAllowsAt } from "../core/policy/send-pace.ts";
import type { SharedDays, SharedPaces } from "../ports/shared-shares.ts";

export interface MemoryShares extends SharedDays, SharedPaces {
  /** Calls so far. */
  calls: number;
  /** Nobody answers. */
  isAway: boolean;
}

/** `nodes`: that live; `now`: as `Clock.now()`. */
export function createMemoryShares(now: () => number, nodes = 2): MemoryShares {
  const days = new Map<string, RecipientsDay>();
  const dues = new Map<string, number>();
  const called = async (): Promise<void> => {
    self.calls++;
    await Promise.resolve();
    if (self.isAway) throw new Error("nobody answers");
  };
  const self: MemoryShares = {
    calls: 0,
    isAway: false,
    async borrow(at, asks, back) {
      await called();
      for (const { key, quarter, recipients } of back)
        countIn(days.get(key) ?? new Map(), quarter, -recipients);
      return asks.map(({ key, wanted, limit, mayExceed }) => {
        const day = days.get(key) ?? new Map<number, number>();
        days.set(key, day);
        const used = usedIn(day, at);
        const room = limit - used;
        const isGiven = wanted > 0 && (wanted <= room || (mayExceed && used === 0));
        const ahead = limit === Infinity ? 0 : Math.min(1000, Math.floor(room / (8 * nodes)));
        const granted = isGiven ? Math.max(wanted, ahead) : 0;
        countIn(day, quarterOf(at), granted);
        return { granted, day: new Map(day) };
      });
    },
    async take(asks) {
      await called();
      return asks.map(({ key, pace, wanted }) => {
        const at = now();
        const due = Math.max(dues.get(key) ?? cautiousStart(at, pace), at);
        const part = Math.max(1, Math.ceil(1000 / pace.intervalMs / nodes));
        const inSight = Math.floor((at + 1000 - paceAllowsAt(due, pace)) / pace.intervalMs) + 1;
        const slots = Math.min(wanted, part, Math.max(0, inSight));
        if (slots > 0) dues.set(key, due + slots * pace.intervalMs);
        return { dueInMs: due - at, slots };
      });
    },
  };
  return self;
}
