/** What mailboxes and send connectors with a limit have used of it. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import { countSchema } from "./values.ts";

export const sendBudgetOperations = {
  listSendBudgets: {
    input: z.object({ connector: z.string().max(255).optional() }),
    output: z.object({
      budgets: z.array(
        z.object({
          ...onServer,
          /** Those that share it. */
          connectors: z.array(z.string()),
          /** Null: of the connector as a whole. */
          mailbox: z.string().nullable(),
          /** Messages a minute; null: no limit. */
          messageRateLimit: countSchema.nullable(),
          /** Recipients in any 24 hours; null: no limit. */
          recipientRateLimit: countSchema.nullable(),
          /** In the last 24 hours. */
          recipientsUsed: countSchema,
          recipientsLeft: countSchema.nullable(),
          /** When the first of those used are free again. Null: none is used. */
          freesAt: z.string().nullable(),
          /** When the limit is reached, going by the last hour. Null: it is reached, or that is not in sight. */
          usedUpAt: z.string().nullable(),
          waitingMessages: countSchema,
          waitingRecipients: countSchema,
          /** When what waits has left, if no more comes. Null: nothing waits, or it takes more than 30 days. */
          backlogEndsAt: z.string().nullable(),
          /** Until when the provider takes none of it; why stands in the queue's `holds`. Null: it does. */
          heldUntil: z.string().nullable(),
        }),
      ),
    }),
  },
} as const;
