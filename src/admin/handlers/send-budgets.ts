/** Send budgets. */
import type { Administered, Handlers } from "../administered.ts";

type BudgetUsage = ReturnType<Administered["relay"]["sendBudgets"]>[number];

export function sendBudgetHandlers({ relay, clock }: Administered): Pick<Handlers, "listSendBudgets"> {
  const instant = (at: number | undefined): string | null =>
    at === undefined || at === Infinity
      ? null
      : new Date(clock.wall().getTime() + at - clock.now()).toISOString();
  /** Until when its provider takes none of it. */
  const heldUntil = (budget: BudgetUsage): number | undefined => {
    const untils = relay
      .queues()
      .filter(({ connector }) => connector !== undefined && budget.connectors.includes(connector))
      .flatMap(({ holds }) => holds)
      .filter(({ mailbox }) => mailbox === undefined || mailbox.toLowerCase() === budget.mailbox)
      .map(({ until }) => until);
    return untils.length === 0 ? undefined : Math.max(...untils);
  };
  const limit = (most: number): number | null => (most === Infinity ? null : most);
  return {
    listSendBudgets({ connector }) {
      const wanted = connector?.toLowerCase();
      const budgets = relay
        .sendBudgets()
        .filter(
          ({ connectors }) =>
            wanted === undefined || connectors.some((name) => name.toLowerCase() === wanted),
        );
      return {
        budgets: budgets.map((budget) => {
          const { messagesPerMinute, recipientsPerDay } = budget.limits;
          const held = heldUntil(budget);
          const delayMs = held === undefined ? 0 : Math.max(0, held - clock.now());
          const left = Math.max(0, recipientsPerDay - budget.recipientsUsed);
          return {
            connectors: [...budget.connectors],
            mailbox: budget.mailbox ?? null,
            messageRateLimit: limit(messagesPerMinute),
            recipientRateLimit: limit(recipientsPerDay),
            recipientsUsed: budget.recipientsUsed,
            recipientsLeft: limit(left),
            freesAt: instant(budget.freesAt),
            usedUpAt: instant(budget.usedUpAt),
            waitingMessages: budget.waitingMessages,
            waitingRecipients: budget.waitingRecipients,
            backlogEndsAt:
              budget.waitingMessages === 0 ? null : instant((budget.emptyAt ?? clock.now()) + delayMs),
            heldUntil: instant(held),
          };
        }),
      };
    },
  };
}
