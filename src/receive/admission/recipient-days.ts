/** Recipients that users and applications have sent to within 24 hours (recipientRateLimit). */
import { rateKey, type OwnedLimit, type RightsOwner } from "../../core/policy/client-rights.ts";
import {
  countIn,
  dayAllowsAt,
  quarterOf,
  usedIn,
  withoutFuture,
  type RecipientsDay,
} from "../../core/policy/recipients-day.ts";
import type { Clock } from "../../ports/ports.ts";

type Rates = readonly OwnedLimit<number>[];

export interface OverDay {
  readonly owner: RightsOwner;
  readonly limit: number;
  readonly used: number;
  /** Until so many would be allowed; Infinity: they are more than the limit by themselves. Milliseconds. */
  readonly freeInMs: number;
}

/** Counted: what takes them back, where the message is not kept after all. Else the limit that they would pass. */
export type TakenRecipients = (() => void) | OverDay;

export interface RecipientDays {
  /**
   * The first limit that so many more recipients would pass, as far as is known here. Cost: a pass over at most 97 numbers
   * for each.
   */
  over(rates: Rates, recipients: number): OverDay | undefined;
  /**
   * Counts them of each, unless a limit would be passed. Where several nodes count it may wait for their database, and
   * rejects with SpoolError when that is away.
   */
  take(rates: Rates, recipients: number): TakenRecipients | Promise<TakenRecipients>;
  /** Of all nodes, as far as is known here. */
  used(owner: Pick<RightsOwner, "kind" | "name">): number;
}

export interface OwnRecipientDays extends RecipientDays {
  take(rates: Rates, recipients: number): TakenRecipients;
  /** What is counted, by `rateKey`. */
  all(): readonly (readonly [key: string, day: RecipientsDay])[];
}

/** `stored`: counted before the start; `changed` is called with each change. */
export function createRecipientDays(
  clock: Clock,
  stored: ReadonlyMap<string, RecipientsDay> = new Map(),
  changed: () => void = () => undefined,
): OwnRecipientDays {
  const days = new Map<string, RecipientsDay>();
  for (const [key, day] of stored) days.set(key, withoutFuture(day, clock.now()));

  const used = (owner: Pick<RightsOwner, "kind" | "name">): number => {
    const day = days.get(rateKey(owner));
    return day === undefined ? 0 : usedIn(day, clock.now());
  };
  const over: RecipientDays["over"] = (rates, recipients) => {
    for (const { owner, value: limit } of rates) {
      const already = used(owner);
      if (already + recipients > limit) {
        const day = days.get(rateKey(owner)) ?? new Map();
        const now = clock.now();
        const freeInMs = recipients > limit ? Infinity : dayAllowsAt(day, recipients, limit, now) - now;
        return { owner, limit, used: already, freeInMs };
      }
    }
    return undefined;
  };
  return {
    used,
    over,
    take(rates, recipients) {
      const refused = over(rates, recipients);
      if (refused !== undefined) return refused;
      const quarter = quarterOf(clock.now());
      const counted = rates.map(({ owner }) => {
        const key = rateKey(owner);
        const day: RecipientsDay = days.get(key) ?? new Map();
        days.set(key, day);
        countIn(day, quarter, recipients);
        return day;
      });
      changed();
      return () => {
        for (const day of counted) countIn(day, quarter, -recipients);
        changed();
      };
    },
    all() {
      const now = clock.now();
      // Who has sent to nobody for a day is forgotten.
      for (const [key, day] of days) if (usedIn(day, now) === 0) days.delete(key);
      return [...days];
    },
  };
}
