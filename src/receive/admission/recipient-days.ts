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

export interface RecipientDays {
  /** The first limit that so many more recipients would pass. Cost: a pass over at most 97 numbers for each. */
  over(rates: Rates, recipients: number): OverDay | undefined;
  /** Counts them of each; returns what takes them back, where the message is not kept after all. */
  count(rates: Rates, recipients: number): () => void;
  used(owner: Pick<RightsOwner, "kind" | "name">): number;
  /** What is counted, by `rateKey`. */
  all(): readonly (readonly [key: string, day: RecipientsDay])[];
}

/** `stored`: counted before the start; `changed` is called with each change. */
export function createRecipientDays(
  clock: Clock,
  stored: ReadonlyMap<string, RecipientsDay> = new Map(),
  changed: () => void = () => undefined,
): RecipientDays {
  const days = new Map<string, RecipientsDay>();
  for (const [key, day] of stored) days.set(key, withoutFuture(day, clock.now()));

  const used = (owner: Pick<RightsOwner, "kind" | "name">): number => {
    const day = days.get(rateKey(owner));
    return day === undefined ? 0 : usedIn(day, clock.now());
  };
  return {
    used,
    over(rates, recipients) {
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
    },
    count(rates, recipients) {
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
