/**
 * What a node may send of budgets that all nodes share: slots of the pace for a second, and some recipients of the day,
 * borrowed in one call for all budgets that want some. While nobody answers, what is left of that goes and nothing else.
 */
import { paceAllowsAt, paceOf } from "../../core/policy/send-pace.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { DayBack, SharedDays, SharedPaces } from "../../ports/shared-shares.ts";
import type { SendBudget } from "./send-budget.ts";
import type { Need } from "./send-turns.ts";

export interface Shares {
  /** It may leave by what is borrowed; else it is seen to, and `changed` called. */
  isBorrowed(need: Need, recipients: number): boolean;
  /** What others have used is asked for, where that was some time ago. */
  look(): void;
  /** Gives back what is borrowed. Never rejects. */
  close(): Promise<void>;
}

const afterFaultMs = 1_000;
/** What nobody used for so long is given back. */
const idleMs = 60_000;
const lookEveryMs = 5_000;
/** A node asks so long before a turn that is further off. */
const aheadMs = 900;
const prefix = "send ";

export function createShares(parts: {
  readonly shared: SharedDays & SharedPaces;
  readonly clock: Clock;
  readonly budgets: () => Iterable<SendBudget>;
  readonly changed: () => void;
}): Shares {
  const { shared, clock, budgets, changed } = parts;
  let asking: Promise<void> | undefined;
  let timer: Timer | undefined;
  let lookedAt = -Infinity;
  let closed = false;

  const giveBack = (unusedMs: number): readonly DayBack[] =>
    [...budgets()].flatMap(({ key, borrowed }) => {
      const idle = borrowed?.takeIdle(clock.now(), unusedMs);
      return idle === undefined ? [] : [{ key: prefix + key, ...idle }];
    });

  const borrowDays = async (wanting: readonly (readonly [SendBudget, number, number])[]): Promise<void> => {
    const now = clock.now();
    const back = giveBack(idleMs);
    if (wanting.length === 0 && back.length === 0) return;
    const given = await shared.borrow(
      now,
      wanting.map(([{ key }, wanted, limit]) => ({ key: prefix + key, wanted, limit, mayExceed: true })),
      back,
    );
    for (const [at, [budget, wanted]] of wanting.entries()) {
      const one = given[at];
      if (one === undefined) continue;
      budget.borrowed?.given(one.granted, one.day, now);
      budget.knownAt = now;
      // Others may hold what they give back in a while.
      if (wanted > 0 && one.granted === 0) budget.askAgainAt = now + afterFaultMs;
    }
  };

  const takeSlots = async (wanting: readonly SendBudget[]): Promise<void> => {
    const asks = wanting.flatMap((budget) => {
      const { limits, messages = 0 } = budget.asking ?? {};
      if (limits === undefined || messages === 0) return [];
      return [{ budget, key: prefix + budget.key, pace: paceOf(limits.messagesPerMinute), wanted: messages }];
    });
    if (asks.length === 0) return;
    const given = await shared.take(asks);
    for (const [at, { budget, pace }] of asks.entries()) {
      const { dueInMs, slots } = given[at] ?? { dueInMs: 0, slots: 0 };
      // From the answer on: never earlier than the others reckon with.
      const dueAt = clock.now() + dueInMs;
      if (slots > 0) budget.takeSlots(dueAt, slots);
      else budget.askAgainAt = Math.max(clock.now() + 1, paceAllowsAt(dueAt, pace) - aheadMs);
    }
  };

  const ask = async (wanting: readonly SendBudget[]): Promise<void> => {
    try {
      await borrowDays(
        wanting.flatMap((budget) => {
          const { recipients = 0, limits } = budget.asking ?? {};
          return recipients === 0 || limits === undefined
            ? []
            : [[budget, recipients, limits.recipientsPerDay] as const];
        }),
      );
      await takeSlots(wanting);
    } catch {
      // The spool tells of a database that is away.
      for (const budget of wanting) budget.askAgainAt = clock.now() + afterFaultMs;
    }
    for (const budget of wanting) budget.asking = undefined;
    plan();
  };

  const askSoon = (): void => {
    asking ??= Promise.resolve()
      .then(() => ask([...budgets()].filter(({ asking: wants }) => wants !== undefined)))
      .finally(() => {
        asking = undefined;
        if (!closed) changed();
      });
  };

  /** Until nothing is held. */
  const plan = (): void => {
    if (closed || ![...budgets()].some(({ borrowed }) => borrowed?.isHolding)) return;
    timer ??= clock.after(idleMs, () => {
      timer = undefined;
      void borrowDays([])
        .catch(() => undefined)
        .finally(plan);
    });
  };

  return {
    isBorrowed({ budget, limits }, recipients) {
      const now = clock.now();
      if (limits.messagesPerMinute === Infinity && limits.recipientsPerDay === Infinity) return true;
      if (budget.isBorrowed(limits, recipients, now)) return true;
      if (closed) return false;
      const missing = recipients - (budget.borrowed?.heldAt(now) ?? 0);
      budget.asking = {
        limits,
        recipients:
          limits.recipientsPerDay === Infinity ? 0 : Math.max(budget.asking?.recipients ?? 0, missing),
        messages:
          budget.hasSlots || limits.messagesPerMinute === Infinity ? 0 : Math.max(1, budget.waiting.size),
      };
      askSoon();
      return false;
    },
    look() {
      const now = clock.now();
      if (closed || now - lookedAt < lookEveryMs) return;
      lookedAt = now;
      const all = [...budgets()].map((budget) => [budget, 0, 0] as const);
      if (all.length > 0) borrowDays(all).catch(() => undefined);
    },
    async close() {
      closed = true;
      timer?.cancel();
      await asking;
      const back = giveBack(0);
      if (back.length > 0) await shared.borrow(clock.now(), [], back).catch(() => undefined);
    },
  };
}
