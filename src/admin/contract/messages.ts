/** Messages that wait. */
import { z } from "zod";
import { countSchema } from "./values.ts";

const messageSchema = z.object({
  /** `queue\\id` */
  identity: z.string(),
  queue: z.string(),
  fromAddress: z.string(),
  /** `Retry` after a failed attempt, else `Ready`. */
  status: z.enum(["Ready", "Retry"]),
  sizeBytes: countSchema,
  subject: z.string().nullable(),
  internetMessageId: z.string().nullable(),
  messageSourceName: z.string(),
  sourceIp: z.string(),
  dateReceived: z.string(),
  expirationTime: z.string(),
  lastError: z.string().nullable(),
  retryCount: countSchema,
  /** Those that wait in this queue. */
  recipients: z.array(z.object({ address: z.string(), lastError: z.string().nullable() })),
});

/** Looked at are at most 100,000 messages of a queue when there is a filter; `complete` is false beyond. */
export const messageOperations = {
  listMessages: {
    input: z.object({
      queue: z.string().optional(),
      filter: z.string().max(10_000).default(""),
      limit: z.int().min(1).max(10_000).default(1000),
    }),
    /** `complete`: there are no more that fit. */
    output: z.object({ messages: z.array(messageSchema), complete: z.boolean() }),
  },
  removeMessages: {
    /** One by its identity, or up to `limit` by a filter. */
    input: z.object({
      identity: z.string().optional(),
      queue: z.string().optional(),
      filter: z.string().min(1).max(10_000).optional(),
      withNdr: z.boolean().default(true),
      limit: z.int().min(1).max(10_000).default(1000),
    }),
    /** `passed`: fitting, but under way. `complete`: there are no more that fit. */
    output: z.object({ removed: countSchema, passed: countSchema, complete: z.boolean() }),
  },
} as const;
