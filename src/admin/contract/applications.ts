/** Names, owners and purposes that an administrator gives to sources. */
import { z } from "zod";
import { knownSchema } from "./senders.ts";
import {
  changeSchema,
  countSchema,
  describedSettings,
  instantSchema,
  nameSchema,
  settingsSchema,
} from "./values.ts";

const whatIf = z.boolean().default(false);

export const applicationOperations = {
  listApplications: {
    /** `from`: of what `known` counts; default: seven days ago. */
    input: z.object({ from: instantSchema.optional() }),
    output: z.object({
      applications: z.array(
        z.object({
          name: z.string(),
          ...describedSettings,
          /** Recipients of the last 24 hours are counted where recipientRateLimit is set. */
          status: z.object({
            openConnections: countSchema,
            recipientsLastDay: countSchema,
            /** Names of the API keys that are its. */
            apiKeys: z.array(z.string()),
          }),
          known: knownSchema,
        }),
      ),
    }),
  },
  newApplication: {
    input: z.object({ name: nameSchema, settings: settingsSchema.default({}), whatIf }),
    output: changeSchema,
  },
  setApplication: {
    input: z.object({ name: nameSchema, settings: settingsSchema, whatIf }),
    output: changeSchema,
  },
  removeApplication: { input: z.object({ name: nameSchema, whatIf }), output: changeSchema },
} as const;
