/** Backups of a running relay. */
import { z } from "zod";
import { countSchema, instantSchema } from "./values.ts";

const backupStateSchema = z.discriminatedUnion("kind", [
  /** None since the relay was started. */
  z.object({ kind: z.literal("none") }),
  z.object({
    kind: z.literal("running"),
    startedAt: instantSchema,
    directory: z.string(),
    phase: z.enum(["spool", "bodies", "files", "configuration", "finishing"]),
    files: countSchema,
    /** Octets written so far, not linked to. */
    copiedBytes: countSchema,
  }),
  z.object({
    kind: z.literal("done"),
    startedAt: instantSchema,
    endedAt: instantSchema,
    folder: z.string(),
    messages: countSchema,
    files: countSchema,
    copiedBytes: countSchema,
    /** Files that the configuration names elsewhere than beside itself, and that are not in it. */
    notIncluded: z.array(z.string()),
    /** Names of earlier ones that `keep` had removed. */
    removed: z.array(z.string()),
  }),
  z.object({
    kind: z.literal("failed"),
    startedAt: instantSchema,
    endedAt: instantSchema,
    error: z.string(),
  }),
]);

export const backupOperations = {
  startBackup: {
    input: z.object({
      /** Absolute; the relay's user writes there. */
      directory: z.string().min(1).max(4096),
      /** How many stay, the new one included; left out: all. */
      keep: z.int().min(1).max(10_000).optional(),
    }),
    output: backupStateSchema,
  },
  getBackup: { input: z.object({}), output: backupStateSchema },
  cancelBackup: { input: z.object({}), output: z.object({ cancelled: z.boolean() }) },
} as const;
