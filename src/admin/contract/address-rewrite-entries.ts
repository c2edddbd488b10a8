/** What senders are called on their way out. */
import { z } from "zod";
import { changeSchema, describedSettings, nameSchema, settingsSchema } from "./values.ts";

const whatIf = z.boolean().default(false);

export const addressRewriteEntryOperations = {
  listAddressRewriteEntries: {
    input: z.object({}),
    output: z.object({ entries: z.array(z.object({ name: z.string(), ...describedSettings })) }),
  },
  newAddressRewriteEntry: {
    input: z.object({ name: nameSchema, settings: settingsSchema, whatIf }),
    output: changeSchema,
  },
  setAddressRewriteEntry: {
    input: z.object({ name: nameSchema, settings: settingsSchema, whatIf }),
    output: changeSchema,
  },
  removeAddressRewriteEntry: { input: z.object({ name: nameSchema, whatIf }), output: changeSchema },
} as const;
