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
  /**
   * Why no message gets on; else what its next hop said of the last it put off, where none was handed over since; else
   * what waits for its turn.
   */
  lastError: z.string().nullable(),
  /** What waits for its turn, because a budget lets mail leave one by one: nothing is wrong then. Null: nothing does. */
  waitsForTurn: z.string().nullable(),
  /** Mail that waits because of what the next hop said. */
  holds: z.array(
    z.object({
      /** Null: everybody's. */
      mailbox: z.string().nullable(),
      until: z.string(),
      error: z.string(),
      /** What to do about it; empty: nobody knows. */
      advice: z.string(),
    }),
  ),
  firstRetryAt: z.string().nullable(),
  lastRetryAt: z.string().nullable(),
  nextRetryAt: z.string().nullable(),
  /** When what waits for the pace of a budget has left. Null: nothing does, or it takes more than 30 days. */
  backlogEndsAt: z.string().nullable(),
  /** Mail that goes by another send connector since `since`, because it cannot be handed over here. */
  fallback: z.object({ connector: z.string(), since: z.string(), messages: countSchema }).nullable(),
  /** Messages a second over the last minute. */
  incomingRate: z.number(),
  outgoingRate: z.number(),
  velocity: z.number(),
  nextHopCategory: z.enum(["Internal", "External"]),
  /** Of those that wait for a time of their own; counted up to 10,000. Null unless `details`. */
  deferredMessageCount: countSchema.nullable(),
  /** When the oldest of the 100 due first came in. Null unless `details`, and for an empty queue. */
  oldestMessageAt: z.string().nullable(),
  /** Where several nodes work on it: what each does, and what it met. */
  nodes: z
    .array(
      z.object({
        server: z.string(),
        status: z.string(),
        running: countSchema,
        waiting: countSchema,
        lastError: z.string().nullable(),
        nextRetryAt: z.string().nullable(),
      }),
    )
    .optional(),
});

/** Queues by these words: kinds of next hops, delivery types, and those without messages. */
const kinds = z.array(
  z.enum([
    "Internal",
    "External",
    "Empty",
    "SmartHostConnectorDelivery",
    "DnsConnectorDelivery",
    "NonSmtpGatewayDelivery",
    "Undefined",
    "Unreachable",
  ]),
);

/** OPATH: `MessageCount -gt 100 -and Status -eq 'Retry'`. */
const filter = z.string().max(10_000);

/** One queue by its identity, or those a filter fits. */
const chosen = z.object({ identity: z.string().optional(), filter: filter.min(1).optional() });
/** `queues`: how many are so now that were not. */
const changed = z.object({ queues: countSchema });

export const queueOperations = {
  listQueues: {
    input: z.object({
      /** Only these: a name, or a pattern with `*` and `?`, in either case. */
      identity: z.string().max(1024).optional(),
      filter: filter.default(""),
      /** Exchange's notation: `-MessageCount,+Identity`. */
      sortOrder: z.string().max(1000).default(""),
      include: kinds.default([]),
      exclude: kinds.default([]),
      limit: z.int().min(1).max(10_000).default(1000),
      /** How many of those that fit are passed over: pages of a long list. */
      offset: z.int().min(0).max(100_000_000).default(0),
      /** Also what takes a look at the queues' keys. */
      details: z.boolean().default(false),
    }),
    output: z.object({
      queues: z.array(queueSchema),
      /** All that fit, how many of them hold messages, and how many messages. */
      total: countSchema,
      nonEmpty: countSchema,
      messages: countSchema,
    }),
  },
  retryQueue: {
    /** With neither identity nor filter: all; `resubmit` needs one of them, and passes over what it is not for. */
    input: chosen.extend({ resubmit: z.boolean().default(false) }),
    /** How many queues are tried, or had their messages routed again, and how many messages that were. */
    output: z.object({ queues: countSchema, messages: countSchema }),
  },
  suspendQueue: { input: chosen, output: changed },
  resumeQueue: { input: chosen, output: changed },
} as const;
