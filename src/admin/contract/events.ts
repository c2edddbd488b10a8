/** The event log, and how much each category tells. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import {
  categorySchema,
  changeSchema,
  countSchema,
  instantSchema,
  jsonSchema,
  levelSchema,
  severitySchema,
} from "./values.ts";

export const eventSchema = z.object({
  ...onServer,
  /** Grows with each entry, over restarts as well. */
  sequence: z.int(),
  id: z.int(),
  name: z.string(),
  category: categorySchema,
  severity: severitySchema,
  at: instantSchema,
  text: z.string(),
  fields: z.record(z.string(), jsonSchema),
  /** Of an entry that stands for many within a minute. */
  count: countSchema.optional(),
  firstAt: instantSchema.optional(),
  lastAt: instantSchema.optional(),
  /** The last word on the entry with that sequence. */
  replaces: z.int().optional(),
});

const eventFilter = {
  eventIds: z.array(z.int()).optional(),
  categories: z.array(categorySchema).optional(),
  severities: z.array(severitySchema).optional(),
  connector: z.string().optional(),
  /** An address, or a source as limits count it. */
  source: z.string().optional(),
  text: z.string().optional(),
  /** The reference a reply named. */
  reference: z.string().optional(),
};

export const eventOperations = {
  listEventLevels: {
    input: z.object({}),
    output: z.object({
      /** `identity`: `MSExchangeTransport\SmtpReceive`. */
      levels: z.array(z.object({ identity: z.string(), category: categorySchema, level: levelSchema })),
    }),
  },
  setEventLevel: {
    input: z.object({
      /** With or without the source `MSExchangeTransport\`; `all` for every category. */
      category: z.string().min(1).max(200),
      level: levelSchema,
      whatIf: z.boolean().default(false),
    }),
    output: changeSchema,
  },
  queryEvents: {
    input: z.object({
      ...eventFilter,
      /** Inclusive. */
      since: instantSchema.optional(),
      /** Exclusive. */
      until: instantSchema.optional(),
      /** Only entries older than this one: the next page. */
      beforeSequence: z.int().optional(),
      /** The same over several nodes: where an earlier call came to, its `next`. */
      before: z.string().max(10_000).optional(),
      limit: z.int().min(0).max(10_000).default(50),
    }),
    /** `next`: for `before`, where several nodes answered and there is more. */
    output: z.object({ events: z.array(eventSchema), next: z.string().optional() }),
  },
  followEvents: { input: z.object(eventFilter), output: eventSchema },
} as const;
