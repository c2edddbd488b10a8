/** Keys that sign what goes out. Private keys stay in their files. */
import { z } from "zod";
import { changeSchema, describedSettings } from "./values.ts";

const whatIf = z.boolean().default(false);
/** `selector._domainkey.domain` */
const keyNameSchema = z.string().min(1).max(253);
const published = {
  algorithm: z.enum(["rsa-sha256", "ed25519-sha256"]),
  /** What DNS is to say at the key's name, as one text. */
  record: z.string(),
  /** The same as a line of a zone file. */
  zoneFileLine: z.string(),
};

/** `unknown`: DNS could not be asked. */
const dnsStates = z.enum(["fits", "differs", "revoked", "missing", "unknown"]);

export const dkimOperations = {
  listDkimKeys: {
    input: z.object({}),
    output: z.object({
      keys: z.array(
        z.object({
          name: z.string(),
          ...describedSettings,
          ...published,
          /** What the daily look found; empty before the first. */
          status: z.object({
            dns: dnsStates.optional(),
            ok: z.boolean().optional(),
            details: z.string().optional(),
            lookedUpAt: z.iso.datetime().optional(),
          }),
        }),
      ),
    }),
  },
  newDkimKey: {
    input: z.object({
      domain: z.string().min(1).max(253),
      /** By default of the month and the kind: `w202611r`. */
      selector: z.string().min(1).max(63).optional(),
      kind: z.enum(["rsa", "ed25519"]).default("rsa"),
    }),
    output: z.object({ name: z.string(), keyFile: z.string(), ...published, change: changeSchema }),
  },
  setDkimKey: {
    input: z.object({
      name: keyNameSchema,
      state: z.enum(["published", "active", "retired"]),
      whatIf,
    }),
    output: changeSchema,
  },
  removeDkimKey: { input: z.object({ name: keyNameSchema, whatIf }), output: changeSchema },
  testDkimKey: {
    input: z.object({ name: keyNameSchema.optional() }),
    output: z.object({
      results: z.array(
        z.object({
          name: z.string(),
          state: z.enum(["published", "active", "retired"]),
          dns: dnsStates,
          /** True when DNS is as the key's state needs it. */
          ok: z.boolean(),
          /** What was found and what to do, in a sentence. */
          details: z.string(),
        }),
      ),
    }),
  },
} as const;
