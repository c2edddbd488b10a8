/** Send budgets. */
import type { Administered, Handlers } from "../administered.ts";

export function sendBudgetHandlers({ relay, clock }: Administered): Pick<Handlers, "listSendBudgets"> {
  const instant = (at: number | undefined): string | null =>
    at === undefined || at === Infinity
      ? null
      : new Date(clock.wall().getTime() + at - clock.now()).toISOString();
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
            backlogEndsAt: budget.waitingMessages === 0 ? null : instant(budget.emptyAt),
          };
        }),
      };
    },
  };
}
