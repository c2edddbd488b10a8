/** Who uses the relay: the inventory of senders, counted from the traffic record (docs/applications.md). */
import { z } from "zod";
import { findingKinds } from "../../core/inventory/findings.ts";
import { countSchema, instantSchema, limitSchema } from "./values.ts";

const findingSchema = z.object({
  kind: z.enum(findingKinds),
  /** An application, an address, an address with an account. */
  who: z.string(),
  source: z.string(),
  application: z.string().nullable(),
  since: instantSchema,
  /** Behind `who` it is a sentence. */
  text: z.string(),
});

/** What is counted of the period that was asked for; hours and days are those of UTC. */
const volumeSchema = z.object({
  connections: countSchema,
  messages: countSchema,
  recipients: countSchema,
  octets: countSchema,
  refusals: countSchema,
});

export const knownSchema = z.object({
  /** Null: it never came, as far as is known. */
  firstSeen: instantSchema.nullable(),
  lastSeen: instantSchema.nullable(),
  /** The last message that was kept. */
  lastMessage: instantSchema.nullable(),
  ...volumeSchema.shape,
  /** Messages of a usual day; null: not enough is known. */
  usualPerDay: countSchema.nullable(),
  /** Each the latest first. */
  doors: z.array(z.string()),
  tls: z.array(z.string()),
  mechanisms: z.array(z.string()),
  heloNames: z.array(z.string()),
  connectors: z.array(z.string()),
  /** The busiest first; 20 at most. */
  sources: z.array(z.string()),
  sourceCount: countSchema,
  findings: z.array(findingSchema),
});

const senderSchema = z.object({
  source: z.string(),
  /** Empty: it did not log on. */
  user: z.string(),
  application: z.string().nullable(),
  owner: z.string().nullable(),
  /** Of who belongs to no application: what names it. */
  command: z.string().nullable(),
  ...knownSchema.shape,
});

const rowSchema = z.object({
  /** Begins then. */
  at: instantSchema,
  ...volumeSchema.shape,
  /** Most connections of one source at a time. */
  highestOpen: countSchema,
  /** Most messages in a sliding minute, as limits count them. */
  highestMinute: countSchema,
});

const period = { from: instantSchema.optional() };

export const senderOperations = {
  listSenders: {
    input: z.object({
      /** Default: seven days ago. */
      ...period,
      /** Only who belongs to no application. */
      unknown: z.boolean().default(false),
      limit: z.int().min(1).max(100_000).default(1_000),
    }),
    output: z.object({
      /** What is known begins then; null: nothing came yet. */
      since: instantSchema.nullable(),
      /** Those seen in the period, the busiest first. */
      senders: z.array(senderSchema),
      total: countSchema,
      /** All there are now, the latest first. */
      findings: z.array(findingSchema),
    }),
  },
  exportSenders: { input: z.object(period), output: z.string() },
  getSenderActivity: {
    input: z.object({
      /** One of both. */
      application: z.string().optional(),
      source: z.string().optional(),
      /** With a source: of this account; empty: who did not log on. */
      user: z.string().default(""),
    }),
    output: z.object({
      name: z.string(),
      known: knownSchema,
      expectedPerDay: countSchema.nullable(),
      expectedHours: z.array(z.string()),
      /** What holds for it. */
      limits: z.array(
        z.object({
          setting: z.string(),
          value: limitSchema,
          /** `receive connector AppRelay`, `application ERP`. */
          of: z.string(),
          /** What of a row it limits. */
          limits: z.enum(["highestOpen", "highestMinute", "recipients"]),
        }),
      ),
      /** Of the last eight days, those with something, the oldest first. */
      hours: z.array(rowSchema),
      /** As far as they are kept. */
      days: z.array(rowSchema),
      senders: z.array(senderSchema),
    }),
  },
} as const;
