/** What became of messages: the message tracking log. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import { trackingEventIds, trackingSources } from "../../tracking/tracking-record.ts";
import { eventSchema } from "./events.ts";
import { messageStatuses } from "../message-statuses.ts";
import { applicationSchema, countSchema, instantSchema } from "./values.ts";

const text = z.string().max(1000);

/** As it stands in the log; empty texts where there is nothing to say. */
export const trackingEntrySchema = z.object({
  ...onServer,
  at: instantSchema,
  clientIp: z.string(),
  clientHostname: z.string(),
  serverHostname: z.string(),
  sourceContext: z.string(),
  connectorId: z.string(),
  source: z.enum(trackingSources),
  eventId: z.enum(trackingEventIds),
  internalMessageId: z.int(),
  messageId: z.string(),
  recipients: z.array(z.string()),
  recipientStatus: z.string(),
  totalBytes: countSchema,
  recipientCount: countSchema,
  reference: z.string(),
  messageSubject: z.string(),
  /** Empty for the null reverse-path. */
  sender: z.string(),
  arrivedAt: z.string(),
  originalClientIp: z.string(),
  latencyMs: countSchema,
  /** On SEND by SMTP. */
  tls: z.string().optional(),
});

const filter = {
  /** Inclusive. */
  start: instantSchema.optional(),
  /** Exclusive. */
  end: instantSchema.optional(),
  /** Here and below without regard to case, with `*` and `?`. */
  sender: text.optional(),
  recipients: z.array(text).max(100).optional(),
  messageId: text.optional(),
  internalMessageId: z.int().nonnegative().optional(),
  eventIds: z.array(z.enum(trackingEventIds)).optional(),
  source: z.enum(trackingSources).optional(),
  connector: text.optional(),
  clientIp: text.optional(),
  /** A part is enough; no wildcards. */
  messageSubject: text.optional(),
  /** The Message-ID of a report. */
  reference: text.optional(),
};

/** A recipient that is not finished yet. */
const waitingSchema = z.object({
  internalMessageId: z.int(),
  recipient: z.string(),
  /** Identity of the queue. */
  queue: z.string(),
  queueStatus: z.string(),
  /** Messages in it. */
  queueMessages: countSchema,
  /** As in getMessage. */
  status: z.enum(messageStatuses),
  attempts: countSchema,
  lastError: z.string().nullable(),
  /** Null while it is being tried, waits for nothing but its turn, or no attempt is planned. */
  nextRetryAt: instantSchema.nullable(),
  /** Given up then. */
  expiresAt: instantSchema,
});

export const trackingOperations = {
  searchMessageTracking: {
    /** Larger results: exportMessageTracking. */
    input: z.object({ ...filter, resultSize: z.int().min(1).max(10_000).default(1000) }),
    /** Newest first. */
    output: z.object({ entries: z.array(trackingEntrySchema) }),
  },
  exportMessageTracking: {
    /** The newest so many; all without. */
    input: z.object({ ...filter, resultSize: z.int().min(1).optional() }),
    output: z.string(),
  },
  explainMessage: {
    input: z.object({
      /** Message-ID, with or without angle brackets, or the internal id. */
      message: z.string().min(1).max(1000),
    }),
    output: z.object({
      /** Oldest first, those of reports on it included. */
      entries: z.array(trackingEntrySchema),
      /** Whose the source of the message is; null: nobody named it, or it is not known. */
      application: applicationSchema,
      /** Where it is now, reports on it included; empty when it is finished. */
      waiting: z.array(waitingSchema),
      /** Limits its source met at that connector in the hour before it was received, newest first. */
      limitHits: z.array(eventSchema),
    }),
  },
} as const;
