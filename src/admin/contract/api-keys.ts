/** Keys that programs hand mail in with. A key is told once, when it is made. */
import { z } from "zod";
import {
  changeSchema,
  countSchema,
  describedSettings,
  instantSchema,
  nameSchema,
  settingsSchema,
} from "./values.ts";

const whatIf = z.boolean().default(false);

export const apiKeyOperations = {
  listApiKeys: {
    input: z.object({}),
    output: z.object({
      keys: z.array(
        z.object({
          name: z.string(),
          ...describedSettings,
          status: z.object({
            /** Whether it is taken now, or why not. */
            state: z.enum(["Active", "Disabled", "Expired"]),
            /** Null: never, as far as it is known. */
            lastUsed: instantSchema.nullable(),
            /** Counted where recipientRateLimit is set. */
            recipientsLastDay: countSchema,
          }),
        }),
      ),
    }),
  },
  newApiKey: {
    input: z.object({ name: nameSchema, settings: settingsSchema.default({}), whatIf }),
    /** `key`: told only here; null with whatIf. */
    output: changeSchema.extend({ key: z.string().nullable() }),
  },
  setApiKey: {
    input: z.object({ name: nameSchema, settings: settingsSchema, whatIf }),
    output: changeSchema,
  },
  removeApiKey: { input: z.object({ name: nameSchema, whatIf }), output: changeSchema },
} as const;
