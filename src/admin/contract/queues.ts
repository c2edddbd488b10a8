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
});

const oneQueue = z.object({ identity: z.string() });

export const queueOperations = {
  listQueues: { input: z.object({}), output: z.object({ queues: z.array(queueSchema) }) },
  retryQueue: {
    /** Without an identity: all. `resubmit` needs one. */
    input: z.object({ identity: z.string().optional(), resubmit: z.boolean().default(false) }),
    /** `messages`: how many are routed again. */
    output: z.object({ queues: countSchema, messages: countSchema }),
  },
  suspendQueue: { input: oneQueue, output: z.object({ changed: z.boolean() }) },
  resumeQueue: { input: oneQueue, output: z.object({ changed: z.boolean() }) },
} as const;
