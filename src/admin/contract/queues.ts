/** Queues: what they wait for, and what an operator may do to them. */
import { z } from "zod";
import { countSchema } from "./values.ts";

const queueSchema = z.object({
  identity: z.string(),
  deliveryType: z.string(),
  nextHop: z.string(),
  connector: z.string().nullable(),
  status: z.string(),
  messages: countSchema,
  running: countSchema,
  waiting: countSchema,
  retryCount: countSchema,
  lastError: z.string().nullable(),
  firstRetryAt: z.string().nullable(),
  lastRetryAt: z.string().nullable(),
  nextRetryAt: z.string().nullable(),
  /** Messages a second over the last minute. */
  incomingRate: z.number(),
  outgoingRate: z.number(),
  velocity: z.number(),
  nextHopCategory: z.enum(["Internal", "External"]),
  /** Of those that wait for a time of their own; counted up to 10,000. Null unless `details`. */
  deferredMessageCount: countSchema.nullable(),
  /** When the oldest of the 100 due first came in. Null unless `details`, and for an empty queue. */
  oldestMessageAt: z.string().nullable(),
});

/** Queues by these words: kinds of next hops, delivery types, and those without messages. */
const kinds = z.array(
  z.enum([
    "Internal",
    "External",
    "Empty",
    "SmartHostConnectorDelivery",
    "NonSmtpGatewayDelivery",
    "Undefined",
    "Unreachable",
  ]),
);

const oneQueue = z.object({ identity: z.string() });

export const queueOperations = {
  listQueues: {
    input: z.object({
      /** OPATH: `MessageCount -gt 100 -and Status -eq 'Retry'`. */
      filter: z.string().max(10_000).default(""),
      /** Exchange's notation: `-MessageCount,+Identity`. */
      sortOrder: z.string().max(1000).default(""),
      include: kinds.default([]),
      exclude: kinds.default([]),
      limit: z.int().min(1).max(10_000).default(1000),
      /** Also what takes a look at the queues' keys. */
      details: z.boolean().default(false),
    }),
    output: z.object({ queues: z.array(queueSchema) }),
  },
  retryQueue: {
    /** Without an identity: all. `resubmit` needs one. */
    input: z.object({ identity: z.string().optional(), resubmit: z.boolean().default(false) }),
    /** `messages`: how many are routed again. */
    output: z.object({ queues: countSchema, messages: countSchema }),
  },
  suspendQueue: { input: oneQueue, output: z.object({ changed: z.boolean() }) },
  resumeQueue: { input: oneQueue, output: z.object({ changed: z.boolean() }) },
} as const;
