/** Several changes of the configuration in one step, such as an import makes them. */
import { z } from "zod";
import { changeSchema, nameSchema, settingsSchema } from "./values.ts";

const section = z.enum(["receiveConnectors", "sendConnectors", "applications"]);
const domains = z.array(z.string().min(1).max(300)).max(10_000);

/** Users are not among them: their passwords are hashed by operations of their own. */
export const editSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("add"), section, name: nameSchema, settings: settingsSchema }),
  /** Null puts a setting back to its default. */
  z.object({ kind: z.literal("set"), section, name: nameSchema, settings: settingsSchema }),
  z.object({ kind: z.literal("remove"), section, name: nameSchema }),
  /** Of the section `transport`; null puts a setting back to its default. */
  z.object({ kind: z.literal("setSection"), section: z.literal("transport"), settings: settingsSchema }),
  z.object({
    kind: z.literal("changeList"),
    section: z.literal("acceptedDomains"),
    remove: domains,
    add: domains,
  }),
]);

export const configurationOperations = {
  editConfiguration: {
    input: z.object({ edits: z.array(editSchema).min(1).max(2000), whatIf: z.boolean().default(false) }),
    output: changeSchema,
  },
} as const;
