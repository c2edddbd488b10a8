/** Everything that was refused: to whom, how often, and what was wrong. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import {
  refusalCatalogue,
  refusalClasses,
  type RefusalClass,
  type RefusalKind,
} from "../../core/refusals/catalogue.ts";
import { applicationSchema, countSchema, instantSchema, limitSchema, nameSchema } from "./values.ts";

const kindSchema = z.enum(Object.keys(refusalCatalogue) as [RefusalKind, ...RefusalKind[]]);
const classSchema = z.enum(Object.keys(refusalClasses) as [RefusalClass, ...RefusalClass[]]);

/** One refusal, as reply and event told of it. Null where it was no limit. */
const toldRefusalSchema = z.object({
  kind: kindSchema,
  class: classSchema,
  /** Null: none was for the client's address. */
  connector: z.string().nullable(),
  limit: z.string().nullable(),
  /** The limit as it was then. */
  configured: limitSchema.nullable(),
  /** What it came to then, where it is a percentage; else as configured. */
  allowed: limitSchema.nullable(),
  /** What was held against it. */
  seen: z.number().nullable(),
  /** What was wrong, in words; empty where the limit says it all. */
  problem: z.string(),
  source: z.string(),
  eventId: z.int(),
  reference: z.string(),
  /** A limit would have refused that is only looked at (reportOnly, candidate): nobody was. */
  reportOnly: z.boolean(),
});

/** The refusals of one kind to one source by one connector. */
export const refusalsSchema = z.object({
  kind: kindSchema,
  class: classSchema,
  /** The class in words: `Why it may not relay`. */
  title: z.string(),
  limit: z.string().nullable(),
  /** Up to a quarter of an hour further back. */
  lastHour: countSchema,
  lastDay: countSchema,
  lastAt: instantSchema,
  last: toldRefusalSchema,
  /** The most that was held against the limit. */
  mostSeen: z.number().nullable(),
  /** What they were about (recipient domains, accounts), the latest last; at most five. */
  about: z.array(z.string()),
});

export const remedySchema = z.object({
  class: classSchema,
  /** The class in words: `Why it may not relay`. */
  title: z.string(),
  /** The receive connector that it is about; null: none. */
  connector: z.string().nullable(),
  kinds: z.array(kindSchema),
  /** When it was refused so last. */
  lastAt: instantSchema,
  /** What is so, and who can change it. */
  text: z.string(),
  /** One way each, as typed behind `weir`; empty where no setting helps. */
  commands: z.array(z.object({ command: z.string(), effect: z.string() })),
  /** Of limits: the values that would have been enough; the command sets them. */
  changes: z.array(z.object({ limit: z.string(), configured: limitSchema, suggested: limitSchema })),
  notes: z.array(z.string()),
});

/** Those of the last ten minutes, to the minute. */
export const recentRefusalSchema = toldRefusalSchema.extend({
  title: z.string(),
  /** As limits count it; `source` is the address of the last one. */
  sourceKey: z.string(),
  application: applicationSchema,
  count: countSchema,
  since: instantSchema,
  lastAt: instantSchema,
});

export const refusalOperations = {
  listRefusals: {
    input: z.object({
      connector: nameSchema.optional(),
      /** An address, or a source as limits count it. */
      source: z.string().optional(),
      class: classSchema.optional(),
      /** True: only what would have been refused; false: only what was; else both. */
      reportOnly: z.boolean().optional(),
      limit: z.int().min(1).max(100_000).default(1_000),
    }),
    output: z.object({
      /** Those refused most in the last hour first, then those refused last. */
      refusals: z.array(
        refusalsSchema.extend({
          ...onServer,
          connector: z.string().nullable(),
          source: z.string(),
          application: applicationSchema,
          /** How much longer each reply to it waits (discreditInterval); null: it does not. */
          discreditedForMs: z.number().nullable(),
        }),
      ),
      /** Those beyond `limit` too. */
      total: countSchema,
      /** Since when they have been counted: the relay's start, a day at most. */
      since: instantSchema,
    }),
  },
} as const;
