/**
 * recipientRateLimit counted over several nodes: each takes some recipients ahead, so that most messages ask nobody. A limit is
 * never passed; what other nodes hold and have not used is refused here for up to a minute.
 */
import { BorrowedDay } from "../../core/policy/borrowed-day.ts";
import { rateKey, type OwnedLimit } from "../../core/policy/client-rights.ts";
import { dayAllowsAt, usedIn } from "../../core/policy/recipients-day.ts";
import { createInTurn } from "../../ports/in-turn.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { DayBack, SharedDays } from "../../ports/shared-shares.ts";
import type { OverDay, RecipientDays, TakenRecipients } from "./recipient-days.ts";

type Rates = readonly OwnedLimit<number>[];

export interface SharedRecipientDays extends RecipientDays {
  /** Gives back what is borrowed. Never rejects. */
  close(): Promise<void>;
}

/** How old what is known of the others may be where somebody looks; milliseconds. */
const knownMs = 1_000;
const idleMs = 60_000;
const mostOwners = 10_000;
const prefix = "recipients ";

interface Owner {
  readonly counts: BorrowedDay;
  /** When what others have used was asked for. */
  askedAt: number;
}

interface Wanted {
  readonly key: string;
  readonly wanted: number;
  readonly limit: number;
}

export function createSharedRecipientDays(clock: Clock, shared: SharedDays): SharedRecipientDays {
  const owners = new Map<string, Owner>();
  const inTurn = createInTurn();
  let timer: Timer | undefined;
  let closed = false;

  const ownerOf = (key: string): Owner => {
    let owner = owners.get(key);
    if (owner === undefined) {
      if (owners.size >= mostOwners) for (const first of owners.keys()) if (owners.delete(first)) break;
      owners.set(key, (owner = { counts: new BorrowedDay(), askedAt: -Infinity }));
    }
    return owner;
  };
  const heldBy = (key: string): number => ownerOf(key).counts.heldAt(clock.now());

  const giveBack = (unusedMs: number): readonly DayBack[] =>
    [...owners].flatMap(([key, { counts }]) => {
      const idle = counts.takeIdle(clock.now(), unusedMs);
      return idle === undefined ? [] : [{ key: prefix + key, ...idle }];
    });

  /** Answers with what was given of each. */
  const ask = async (asks: readonly Wanted[]): Promise<readonly number[]> => {
    const now = clock.now();
    const given = await shared.borrow(
      now,
      asks.map(({ key, wanted, limit }) => ({ key: prefix + key, wanted, limit, mayExceed: false })),
      giveBack(idleMs),
    );
    return asks.map(({ key }, at) => {
      const { granted = 0, day = new Map<number, number>() } = given[at] ?? {};
      const owner = ownerOf(key);
      owner.counts.given(granted, day, now);
      owner.askedAt = now;
      return granted;
    });
  };

  /** What is known of the others is asked for again, where somebody goes by it. */
  const look = (keys: readonly string[]): void => {
    const now = clock.now();
    const old = keys.filter((key) => ownerOf(key).askedAt < now - knownMs);
    if (old.length === 0 || closed) return;
    for (const key of old) ownerOf(key).askedAt = now;
    // While the database is away what was known last holds.
    inTurn(() => ask(old.map((key) => ({ key, wanted: 0, limit: 0 })))).catch(() => undefined);
  };

  /** Until nothing is held. */
  const plan = (): void => {
    if (closed) return;
    timer ??= clock.after(idleMs, () => {
      timer = undefined;
      void inTurn(() => ask([]))
        .catch(() => undefined)
        .finally(() => {
          if ([...owners.values()].some(({ counts }) => counts.isHolding)) plan();
        });
    });
  };

  const overOf = ({ owner, value: limit }: OwnedLimit<number>, recipients: number): OverDay | undefined => {
    const now = clock.now();
    const { day } = ownerOf(rateKey(owner)).counts;
    const used = usedIn(day, now);
    if (used + recipients <= limit) return undefined;
    const freeInMs = recipients > limit ? Infinity : dayAllowsAt(day, recipients, limit, now) - now;
    return { owner, limit, used, freeInMs };
  };

  const lacking = (rates: Rates, recipients: number): Rates =>
    rates.filter(({ owner }) => heldBy(rateKey(owner)) < recipients);

  const count = (rates: Rates, recipients: number): (() => void) => {
    const takeBack = rates.map(({ owner }) => ownerOf(rateKey(owner)).counts.use(recipients, clock.now()));
    return () => {
      for (const each of takeBack) each(recipients);
    };
  };

  const borrow = async (rates: Rates, recipients: number): Promise<TakenRecipients> => {
    for (;;) {
      const missing = lacking(rates, recipients);
      if (missing.length === 0) return count(rates, recipients);
      const refused = await inTurn(async () => {
        // Whoever was before may have brought enough.
        const still = lacking(missing, recipients);
        if (still.length === 0) return undefined;
        const granted = await ask(
          still.map(({ owner, value: limit }) => {
            const key = rateKey(owner);
            return { key, wanted: recipients - heldBy(key), limit };
          }),
        );
        plan();
        return still.find((_, at) => granted[at] === 0);
      });
      if (refused === undefined) continue;
      const over = overOf(refused, recipients);
      // Held here, in pieces that are too small, or given back just now.
      return over ?? { owner: refused.owner, limit: refused.value, used: refused.value, freeInMs: idleMs };
    }
  };

  return {
    over(rates, recipients) {
      for (const rate of rates) {
        const over = overOf(rate, recipients);
        if (over === undefined) continue;
        look([rateKey(rate.owner)]);
        return over;
      }
      return undefined;
    },
    take: (rates, recipients) =>
      lacking(rates, recipients).length === 0 ? count(rates, recipients) : borrow(rates, recipients),
    used(owner) {
      look([rateKey(owner)]);
      return usedIn(ownerOf(rateKey(owner)).counts.day, clock.now());
    },
    async close() {
      closed = true;
      timer?.cancel();
      await inTurn(async () => {
        const back = giveBack(0);
        if (back.length > 0) await shared.borrow(clock.now(), [], back);
      }).catch(() => undefined);
    },
  };
}
