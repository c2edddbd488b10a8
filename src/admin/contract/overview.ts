/** How the relay is now and was in the last ten minutes, and the sentences that matter. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import { recentRefusalSchema } from "./refusals.ts";
import { countSchema, instantSchema } from "./values.ts";

/** One second; what is counted is of the second that ends at `at`. */
const pointSchema = z.object({
  at: instantSchema,
  /** Open then. */
  connections: countSchema,
  received: countSchema,
  delivered: countSchema,
  receivedBytes: countSchema,
  refused: countSchema,
  /** Messages in the spool then. */
  queued: countSchema,
  /** From the end of a message's content to its reply; 0 without messages. */
  timeTo250P50Ms: z.number(),
  timeTo250P99Ms: z.number(),
  eventLoopLagP99Ms: z.number(),
});

const headlineSchema = z.object({
  ...onServer,
  /** What it is about. `sendConnector`: what is named as connector is one; else a receive connector. */
  subject: z.enum([
    "relay",
    "service",
    "configuration",
    "listener",
    "resources",
    "database",
    "queue",
    "suspendedMessages",
    "source",
    "sender",
    "webhook",
    "delivery",
    "certificate",
    "legacyTls",
    "learning",
    "sendConnector",
    "logging",
  ]),
  severity: z.enum(["error", "warning", "information"]),
  /** A whole sentence or two, of plain text. */
  text: z.string(),
  connector: z.string().optional(),
  source: z.string().optional(),
  /** Whose the source is, where the configuration says so. */
  application: z.string().optional(),
  queue: z.string().optional(),
  /** The limit that was met. */
  setting: z.string().optional(),
  /** How often within the last ten minutes, or messages that wait. */
  count: countSchema.optional(),
  since: instantSchema.optional(),
  /** Of refusals: the last one. */
  lastAt: instantSchema.optional(),
  /** The first change that would have been enough; `command` holds all of them. */
  fix: z.object({ setting: z.string(), value: z.number(), command: z.string() }).optional(),
});

export const overviewOperations = {
  getOverview: {
    /** `points` false: the sentences alone. */
    input: z.object({ points: z.boolean().default(true) }),
    output: z.object({
      /** A point a second, oldest first, 600 at most. */
      points: z.array(pointSchema),
      /** The most pressing first; never empty. */
      headlines: z.array(headlineSchema),
      /**
       * Whatever was refused in the last ten minutes, by source and kind, those most refused first, then what would have been by
       * limits that are only looked at; at most 200.
       */
      refusals: z.array(recentRefusalSchema),
    }),
  },
  followOverview: { input: z.object({}), output: pointSchema },
} as const;
