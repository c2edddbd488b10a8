/** Messages that wait. */
import { z } from "zod";
import { messageStatuses } from "../message-statuses.ts";
import { applicationSchema, countSchema } from "./values.ts";

const recipientSchema = z.object({
  address: z.string(),
  /**
   * That of the message while it waits. `Complete`: delivered. `Failed`: refused or expired, `lastError` says by what.
   * `Removed`: by an administrator. `Unknown`: finished, and the message tracking log tells no more how.
   */
  status: z.enum([...messageStatuses, "Complete", "Failed", "Removed", "Unknown"]),
  /** Null: it waits no more. */
  queue: z.string().nullable(),
  retryCount: countSchema,
  lastError: z.string().nullable(),
});

const messageSchema = z.object({
  /** `queue\\id` */
  identity: z.string(),
  queue: z.string(),
  /** `Suspended`: it waits until its queue is resumed, whatever its own status. */
  queueStatus: z.string(),
  fromAddress: z.string(),
  /** A message of a queue in Retry is in Retry, with the queue's error, attempts and next attempt. */
  status: z.enum(messageStatuses),
  sizeBytes: countSchema,
  subject: z.string().nullable(),
  internetMessageId: z.string().nullable(),
  messageSourceName: z.string(),
  sourceIp: z.string(),
  dateReceived: z.string(),
  expirationTime: z.string(),
  /** Null: none is planned; it or its queue is suspended, or no send connector takes it. */
  nextAttemptAt: z.string().nullable(),
  lastError: z.string().nullable(),
  retryCount: countSchema,
  /** Of those that wait in this queue. */
  recipientCount: countSchema,
  recipients: z.array(recipientSchema),
});

/** `queue\\id`, or `id` alone: in every queue it stands in. */
const identity = z.string().min(1).max(2000);
const queue = z.string().optional();
/** OPATH: `Status -eq 'Suspended' -and Size -gt 1MB`. */
const filter = z.string().max(10_000);
/** Where an earlier call came to: its `next`. */
const after = z.string().max(4000).optional();
/** Ends after so many were looked at, so that the caller sees it go on; without it the whole queue may be. */
const maxExamined = z.int().min(1).max(10_000_000).optional();
const walked = {
  examined: countSchema,
  /** There are no more that fit. */
  complete: z.boolean(),
  /** For `after`; null when complete. */
  next: z.string().nullable(),
};

/** One by its identity, several by theirs, or up to `limit` by a filter. */
const chosen = z.object({
  identity: identity.optional(),
  /** Those that are gone meanwhile are counted as `passed`. */
  identities: z.array(identity).min(1).max(10_000).optional(),
  queue,
  filter: filter.min(1).optional(),
  after,
  limit: z.int().min(1).max(100_000).default(1000),
  maxExamined,
  /** Counts what fits and does nothing. */
  whatIf: z.boolean().default(false),
});

const changed = z.object({
  done: countSchema,
  /** On the wire now: holds when the attempt ends without success. */
  pending: countSchema,
  /** It was so already. */
  unchanged: countSchema,
  /** Claimed for a moment, gone meanwhile, or not to be done to it: nothing was done. */
  passed: countSchema,
  /** Of those: what another node holds. */
  heldElsewhere: z.array(z.string()).optional(),
  ...walked,
});

export const messageOperations = {
  listMessages: {
    input: z.object({
      queue,
      filter: filter.default(""),
      /** Exchange's notation: `+Size,-DateReceived`. All that fit are looked at; then there is no `next`. */
      sortOrder: z.string().max(1000).default(""),
      after,
      limit: z.int().min(1).max(10_000).default(1000),
      maxExamined,
      /** Else the first three of each message. */
      includeRecipients: z.boolean().default(false),
    }),
    output: z.object({ messages: z.array(messageSchema), ...walked }),
  },
  getMessage: {
    input: z.object({ identity }),
    /** `recipients`: all of the message, those in other queues and finished ones included. */
    output: z.object({
      message: messageSchema,
      /** Whose its source is; null: nobody named it. */
      application: applicationSchema,
    }),
  },
  /** `replay`: behind its envelope, for the recipients that wait yet, as a Replay directory takes it. */
  exportMessage: {
    input: z.object({ identity, form: z.enum(["content", "replay"]).default("content") }),
    output: z.string().meta({ format: "binary" }),
  },
  suspendMessages: { input: chosen, output: changed },
  resumeMessages: { input: chosen, output: changed },
  /** `unchanged`: being handed over now. `passed`: it or its queue is suspended too. */
  retryMessages: { input: chosen, output: changed },
  /** `passed`: larger than the connector takes too. `unchanged`: it stands there. */
  redirectMessages: {
    input: chosen.extend({
      /** Name of a send connector, or one of its smart hosts. */
      to: z.string().min(1).max(300),
    }),
    output: changed.extend({ connector: z.string() }),
  },
  removeMessages: { input: chosen.extend({ withNdr: z.boolean().default(true) }), output: changed },
} as const;
