/** What the configuration that several nodes share was, who changed it, and how far each node has come. */
import { z } from "zod";
import { changeSchema, instantSchema } from "./values.ts";

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

export const configurationVersionOperations = {
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
