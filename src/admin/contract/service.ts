/** The relay as a whole: which one it is, whether it takes mail, that it stops. */
import { z } from "zod";
import { countSchema, instantSchema } from "./values.ts";

/** `changed` false: it was so already. */
const serviceChange = z.object({ changed: z.boolean(), queued: countSchema, sessions: countSchema });

export const serviceOperations = {
  about: {
    input: z.object({}),
    output: z.object({
      version: z.string(),
      pid: z.int(),
      hostname: z.string(),
      /** Its name among several nodes; null: it is the only relay. */
      node: z.string().nullable(),
      startedAt: instantSchema,
      /** Null: the relay was started without a file. */
      configFile: z.string().nullable(),
      dataDirectory: z.string(),
      listeners: z.array(z.string()),
      sessions: countSchema,
      queued: countSchema,
      /** Set while the service takes no new mail: since when, and by whom. */
      suspended: z.object({ since: instantSchema, by: z.string() }).nullable(),
      /** What `/readyz` says: whether it takes mail, and why not, in sentences without a full stop. */
      ready: z.boolean(),
      reasons: z.array(z.string()),
      /** `rejected`: a later version of the file has faults, and the one before holds. */
      configuration: z.enum(["applied", "rejected"]),
      /** The certificates that are presented. */
      certificates: z.array(z.object({ file: z.string(), subject: z.string(), validTo: instantSchema })),
    }),
  },
  suspendService: { input: z.object({}), output: serviceChange },
  resumeService: { input: z.object({}), output: serviceChange },
  stopRelay: {
    input: z.object({}),
    /** It stops behind this answer. `graceMs`: what sessions and deliveries get to end. */
    output: z.object({ pid: z.int(), graceMs: countSchema, sessions: countSchema }),
  },
} as const;
