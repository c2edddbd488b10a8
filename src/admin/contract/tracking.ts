/** What became of messages: the message tracking log. */
import { z } from "zod";
import { trackingEventIds, trackingSources } from "../../tracking/tracking-record.ts";
import { countSchema, instantSchema } from "./values.ts";

const text = z.string().max(1000);

/** As it stands in the log; empty texts where there is nothing to say. */
export const trackingEntrySchema = z.object({
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
});

export const trackingOperations = {
  searchMessageTracking: {
    input: z.object({
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
      resultSize: z.int().min(1).max(100_000).default(1000),
    }),
    /** Newest first. */
    output: z.object({ entries: z.array(trackingEntrySchema) }),
  },
  explainMessage: {
    input: z.object({
      /** Message-ID, with or without angle brackets, or the internal id. */
      message: z.string().min(1).max(1000),
    }),
    /** Oldest first, those of reports on it included. */
    output: z.object({ entries: z.array(trackingEntrySchema) }),
  },
} as const;
