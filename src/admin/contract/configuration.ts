/**
 * The configuration as one text: shown, checked, read again; several changes of it in one step, such as an import makes them;
 * where nodes share it what it was, who changed it, and how far each node has come.
 */
import { z } from "zod";
import { changeSchema, faultSchema, instantSchema, nameSchema, settingsSchema } from "./values.ts";

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

const versionNumber = z.int().min(1);

const versionSchema = z.object({
  version: versionNumber,
  at: instantSchema,
  /** A token's name; `shell` on the socket; a user of the system where no relay was asked. */
  who: z.string(),
  from: z.string(),
  /** Where it was asked for. */
  node: z.string(),
  /** The operation and what it names. */
  doing: z.string(),
});

export const configurationOperations = {
  getConfiguration: {
    input: z.object({}),
    output: z.object({
      file: z.string(),
      /** As it was applied, with stars in place of passwords. */
      text: z.string(),
    }),
  },
  checkConfiguration: {
    input: z.object({ text: z.string().max(1_000_000).optional() }),
    output: z.object({ ok: z.boolean(), faults: z.array(faultSchema), warnings: z.array(faultSchema) }),
  },
  reloadConfiguration: { input: z.object({}), output: changeSchema },
  editConfiguration: {
    input: z.object({ edits: z.array(editSchema).min(1).max(2000), whatIf: z.boolean().default(false) }),
    output: changeSchema,
  },
  listConfigurationVersions: {
    input: z.object({ limit: z.int().min(1).max(1000).default(20) }),
    output: z.object({
      /** The newest first; it is the one that holds. */
      versions: z.array(versionSchema),
      nodes: z.array(
        z.object({
          node: z.string(),
          /** The one it looked at last. */
          version: versionNumber,
          at: instantSchema,
          /** Why it was not applied there, each with its place; empty: it holds. */
          faults: z.array(z.string()),
        }),
      ),
    }),
  },
  getConfigurationVersion: {
    input: z.object({ version: versionNumber }),
    output: versionSchema.extend({
      /** With stars in place of passwords. */
      text: z.string(),
      /** From the version before it, unified. */
      diff: z.string(),
    }),
  },
  restoreConfigurationVersion: {
    input: z.object({ version: versionNumber, whatIf: z.boolean().default(false) }),
    output: changeSchema,
  },
} as const;
