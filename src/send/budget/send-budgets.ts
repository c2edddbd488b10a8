/**
 * The budgets of all carriers: what each mailbox and each send connector may send in a minute and in a day, counted over
 * restarts. Before a message leaves, what it is counted as stands on disk: some are written ahead, so a crash counts a few
 * too many and none too few. A clean stop leaves the exact numbers.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { quarterOf, withoutFuture } from "../../core/policy/recipients-day.ts";
import type { SendLimits } from "../../core/policy/send-limits.ts";
import type { BudgetStore } from "./budget-file.ts";
import { createShares } from "./shared-budgets.ts";
import type { SharedDays, SharedPaces } from "../../ports/shared-shares.ts";
import { keyOf, SendBudget, type BudgetName } from "./send-budget.ts";
import { SendTurns, type Need, type Turn } from "./send-turns.ts";

/** A carrier, with what its connector sets. */
export interface BudgetUser {
  readonly connector: string;
  /** Who counts its mailboxes: two connectors that log on as the same mailbox there share what it may send. */
  readonly account: string;
  readonly perConnector: SendLimits | undefined;
  readonly perMailbox: SendLimits | undefined;
}

/** What people see of one. Times are `Clock.now()` milliseconds. */
export interface BudgetUsage {
  readonly connectors: readonly string[];
  /** Undefined: the connector's own. */
  readonly mailbox: string | undefined;
  readonly limits: SendLimits;
  readonly recipientsUsed: number;
  /** When more of the day's recipients are free. */
  readonly freesAt: number | undefined;
  /** When the day's recipients are used up, going by the last hour; undefined: they are, or it is not in sight. */
  readonly usedUpAt: number | undefined;
  readonly waitingMessages: number;
  readonly waitingRecipients: number;
  /** When what waits has left; Infinity: more than 30 days. */
  readonly emptyAt: number | undefined;
}

export interface SendBudgets {
  /** What a carrier's mail is counted by from now on. Returns what ends that. */
  join(user: BudgetUser): () => void;
  /** Asks for a message's turn; begins at once where nothing holds it up. */
  ask(user: BudgetUser, mailbox: string, turn: Omit<Turn, "needs" | "owner">): void;
  /** Ends what waits of a carrier, or one message of it. */
  dismiss(user: BudgetUser, end: (turn: Turn) => void, id?: MessageId): void;
  /** A message that was put off waits no more. Cost: a look-up for each budget that something waits for. */
  gone(id: MessageId): void;
  retryNow(): void;
  /** What is counted, of a connector or of all. Cost: a pass over what waits. */
  usage(connector?: string): readonly BudgetUsage[];
  /** Writes what was used, exactly. */
  close(): Promise<void>;
}

/** Mailboxes that are remembered. */
const mostBudgets = 5_000;
const toldFrom = 0.8;
const toldAgainBelow = 0.7;
const afterFaultMs = 60_000;

export async function openSendBudgets(options: {
  readonly store: BudgetStore;
  readonly clock: Clock;
  readonly events: Events;
  /** Where several nodes send by them: the store has none of them then. */
  readonly shared?: (SharedDays & SharedPaces) | undefined;
  /** Budgets that are remembered. */
  readonly most?: number;
}): Promise<SendBudgets> {
  const { store, clock, events, shared, most = mostBudgets } = options;
  const budgets = new Map<string, SendBudget>();
  const users = new Set<BudgetUser>();
  try {
    for (const { day, ...name } of shared === undefined ? await store.read() : []) {
      const budget = new SendBudget(name, withoutFuture(new Map(day), clock.now()));
      budgets.set(budget.key, budget);
    }
  } catch (error) {
    events.emit("SendBudgetsUnreadable", { error: String(error) });
  }

  let writing: Promise<void> | undefined;
  let unwritableUntil = 0;

  /** `ahead`: what a budget is counted as at most before the next write. */
  const stored = (ahead: boolean) => {
    const now = clock.now();
    const quarter = quarterOf(now);
    return [...budgets.values()].flatMap((budget) => {
      if (budget.used(now) === 0 && !(ahead && budget.wanted > 0)) return [];
      const day = new Map(budget.day);
      if (ahead) {
        const kept = budget.onDisk.quarter === quarter ? budget.onDisk.recipients : 0;
        const promised = Math.max(kept, (day.get(quarter) ?? 0) + budget.wanted);
        if (promised > 0) day.set(quarter, promised);
      }
      return [{ ...budget.name, day: [...day] }];
    });
  };

  const write = async (): Promise<void> => {
    const quarter = quarterOf(clock.now());
    const content = stored(true);
    const promised = new Map(
      content.map(({ day, ...name }) => [keyOf(name), new Map(day).get(quarter) ?? 0]),
    );
    try {
      await store.write(content);
      for (const [key, recipients] of promised) {
        const budget = budgets.get(key);
        if (budget === undefined) continue;
        budget.onDisk = { quarter, recipients };
        budget.wanted = 0;
      }
    } catch (error) {
      unwritableUntil = clock.now() + afterFaultMs;
      events.emit("RelayFault", { where: "keeping what send budgets have used", error: String(error) });
    }
  };

  const writeSoon = (): void => {
    writing ??= write().finally(() => {
      writing = undefined;
      turns.look();
    });
  };

  /** Written ahead at once: a hundredth of the day's. */
  const lease = ({ recipientsPerDay }: SendLimits): number =>
    Math.min(1000, Math.ceil(recipientsPerDay / 100));

  const shares =
    shared && createShares({ shared, clock, budgets: () => budgets.values(), changed: () => turns.look() });

  const isKept = (need: Need, recipients: number): boolean => {
    if (shares !== undefined) return shares.isBorrowed(need, recipients);
    const { budget, limits } = need;
    const now = clock.now();
    if (limits.recipientsPerDay === Infinity || now < unwritableUntil) return true;
    const quarter = quarterOf(now);
    const kept = budget.onDisk.quarter === quarter ? budget.onDisk.recipients : 0;
    if ((budget.day.get(quarter) ?? 0) + recipients <= kept) return true;
    budget.wanted = Math.max(budget.wanted, recipients + lease(limits));
    writeSoon();
    return false;
  };

  const whoOf = ({ connector, mailbox }: BudgetName): string =>
    mailbox ?? `send connector ${connector ?? ""}`;

  const tell = (budget: SendBudget, limits: SendLimits, isOver: boolean): void => {
    const used = budget.used(clock.now());
    const share = used / limits.recipientsPerDay;
    if (share < toldAgainBelow) budget.told = "nothing";
    const fields = { who: whoOf(budget.name), used, limit: limits.recipientsPerDay };
    if (isOver) {
      if (budget.told !== "all") events.emit("SendBudgetSpent", fields);
      budget.told = "all";
    } else if (share >= toldFrom && budget.told === "nothing") {
      budget.told = "most";
      events.emit("SendBudgetNearlySpent", { ...fields, percent: Math.floor(share * 100) });
    }
  };

  const turns = new SendTurns(clock, isKept, ({ budget, limits }) => tell(budget, limits, false));

  const budgetOf = (name: BudgetName): SendBudget => {
    const key = keyOf(name);
    let budget = budgets.get(key);
    if (budget === undefined) {
      if (budgets.size >= most) forgetOne();
      budgets.set(key, (budget = new SendBudget(name, new Map(), shared !== undefined)));
    }
    return budget;
  };
  const forgetOne = (): void => {
    const now = clock.now();
    const all = [...budgets.values()];
    const least = all.find((one) => one.backlog(now).messages === 0 && one.used(now) === 0) ?? all[0];
    if (least !== undefined) budgets.delete(least.key);
  };

  /** The narrowest of all that count by it. */
  const limitsOf = (name: BudgetName): SendLimits => {
    let [messagesPerMinute, recipientsPerDay] = [Infinity, Infinity];
    for (const user of users) {
      const own = limitsBy(name, user);
      if (own === undefined) continue;
      messagesPerMinute = Math.min(messagesPerMinute, own.messagesPerMinute);
      recipientsPerDay = Math.min(recipientsPerDay, own.recipientsPerDay);
    }
    return { messagesPerMinute, recipientsPerDay };
  };

  return {
    join(user) {
      users.add(user);
      turns.startOver();
      return () => void users.delete(user);
    },
    ask(user, mailbox, turn) {
      const names: BudgetName[] = [];
      if (user.perMailbox !== undefined)
        names.push({ account: user.account, mailbox: mailbox.toLowerCase() });
      if (user.perConnector !== undefined) names.push({ connector: user.connector });
      const needs = names.map((name) => ({ budget: budgetOf(name), limits: limitsOf(name) }));
      turns.ask({
        ...turn,
        owner: user,
        needs,
        putOff(afterMs, need, by) {
          if (by === "day") tell(need.budget, need.limits, true);
          turn.putOff(afterMs, need, by);
        },
      });
    },
    dismiss: (user, end, id) => turns.dismiss(user, end, id),
    gone(id) {
      for (const budget of budgets.values()) budget.cameBack(id);
    },
    retryNow: () => turns.startOver(),
    usage(connector) {
      const now = clock.now();
      shares?.look();
      for (const user of users) if (user.perConnector !== undefined) budgetOf({ connector: user.connector });
      return [...budgets.values()].flatMap((budget): BudgetUsage[] => {
        const counted = [...users].filter((user) => limitsBy(budget.name, user) !== undefined);
        const connectors = [...new Set(counted.map((user) => user.connector))];
        if (connectors.length === 0 || (connector !== undefined && !connectors.includes(connector)))
          return [];
        const limits = limitsOf(budget.name);
        const { messages, recipients } = budget.backlog(now);
        return [
          {
            connectors,
            mailbox: budget.name.mailbox,
            limits,
            recipientsUsed: budget.used(now),
            freesAt: budget.freesAt(now),
            usedUpAt: budget.usedUpAt(limits, now),
            waitingMessages: messages,
            waitingRecipients: recipients,
            emptyAt: budget.emptyAt(limits, now),
          },
        ];
      });
    },
    async close() {
      if (shares !== undefined) return shares.close();
      while (writing !== undefined) await writing;
      if (budgets.size > 0) await store.write(stored(false)).catch(() => undefined);
    },
  };
}

/** What a user sets for a budget; undefined: it does not count by it. */
function limitsBy({ connector, account }: BudgetName, user: BudgetUser): SendLimits | undefined {
  if (connector !== undefined) return user.connector === connector ? user.perConnector : undefined;
  return user.account === account ? user.perMailbox : undefined;
}
