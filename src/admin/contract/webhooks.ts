/** URLs that are told of events. */
import { z } from "zod";
import { changeSchema, describedSettings, nameSchema, settingsSchema } from "./values.ts";

const whatIf = z.boolean().default(false);
const time = z.iso.datetime().nullable();

export const webhookOperations = {
  listWebhooks: {
    input: z.object({}),
    output: z.object({
      webhooks: z.array(
        z.object({
          name: z.string(),
          ...describedSettings,
          status: z.object({
            state: z.enum(["Disabled", "Ready", "Waiting", "Retry", "Gone"]),
            /** Scheme, host and port. */
            host: z.string(),
            waitingEvents: z.number(),
            waitingSince: time,
            lastTaken: time,
            lastFailed: time,
            /** Of the last request, where it was not taken. */
            lastError: z.string().nullable(),
            nextAttempt: time,
            /** Since the start, as are lostEvents. */
            takenRequests: z.number(),
            lostEvents: z.number(),
          }),
        }),
      ),
    }),
  },
  newWebhook: {
    input: z.object({ name: nameSchema, settings: settingsSchema, whatIf }),
    output: changeSchema,
  },
  setWebhook: {
    input: z.object({ name: nameSchema, settings: settingsSchema, whatIf }),
    output: changeSchema,
  },
  removeWebhook: { input: z.object({ name: nameSchema, whatIf }), output: changeSchema },
  testWebhook: {
    input: z.object({ name: nameSchema }),
    output: z.object({
      name: z.string(),
      ok: z.boolean(),
      /** Null: no answer came. */
      status: z.number().nullable(),
      /** What came back, or why nothing did. */
      answer: z.string(),
      elapsedMs: z.number(),
    }),
  },
} as const;
