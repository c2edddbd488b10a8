/** Limits tried on the recorded traffic (docs/know-before-you-change.md). */
import { z } from "zod";
import { ofRecords } from "./across-nodes.ts";
import {
  applicationSchema,
  countSchema,
  instantSchema,
  jsonSchema,
  nameSchema,
  settingsSchema,
} from "./values.ts";
import { progressOf } from "./progress.ts";

/** By the setting's name. */
const byLimitSchema = z.record(z.string(), countSchema);

const peakSchema = z.object({
  value: countSchema,
  at: instantSchema.nullable(),
  /** Whose; null where it is of all together. */
  source: z.string().nullable(),
});

const triedSourceSchema = z.object({
  source: z.string(),
  application: applicationSchema,
  connections: countSchema,
  messages: countSchema,
  /** Tries again included. */
  refused: byLimitSchema,
  firstRefused: instantSchema.nullable(),
  lastRefused: instantSchema.nullable(),
  lostConnections: countSchema,
  lostMessages: countSchema,
  highestOpen: peakSchema,
  highestMessages: peakSchema,
});

export const triedSchema = z.object({
  /** That came, each once however often it tried. */
  connections: countSchema,
  messages: countSchema,
  /** Tries again included. */
  refused: byLimitSchema,
  /** That never came in, or were closed before their last message, for good. */
  lostConnections: countSchema,
  lostMessages: countSchema,
  /** With limitAction `delay`: for a place or a minute, in the end with success. */
  waits: z.object({
    connections: countSchema,
    messages: countSchema,
    totalMs: countSchema,
    longestMs: countSchema,
  }),
  highestOpen: peakSchema,
  highestOpenFromSource: peakSchema,
  /** In any sliding minute. */
  highestMessages: peakSchema,
  /** Those refused most first. */
  sources: z.array(triedSourceSchema),
  sourceCount: countSchema,
  /** Refusals, by hours that have some. */
  hours: z.array(z.object({ at: instantSchema, refused: countSchema })),
  /** Connections for which no connector would be there any more. */
  notServed: countSchema,
});

const testInput = z.object({
  /** Of a connector that is not there: what a new one would do. */
  name: nameSchema,
  /** Settings beside those in force, or of the new connector; each is tried by itself, all in one pass. */
  variants: z.array(settingsSchema).min(1).max(50).default([{}]),
  /** Default: seven days ago. */
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  /** What a client does that is refused: it is gone, or comes again. */
  refusedClients: z.enum(["gone", "again"]).default("gone"),
  retryAfterMs: z.int().min(1).max(86_400_000).default(60_000),
  /** Then it gives up. */
  tries: z.int().min(1).max(1000).default(5),
  /** Most sources that are told of each variant; fewer where that were more than 50,000 of all of them. */
  sources: z.int().min(0).max(10_000).default(20),
});

const testOutput = z.object({
  connector: z.string(),
  isNew: z.boolean(),
  /** What really was, of the whole relay; null: nothing is recorded of the time. */
  recorded: z.object({
    from: instantSchema.nullable(),
    to: instantSchema.nullable(),
    connections: countSchema,
    messages: countSchema,
    /** On this connector, by setting, or kind of refusal where it is none. */
    refused: byLimitSchema,
  }),
  /** By the settings in force; null: the connector is new. */
  present: triedSchema.nullable(),
  variants: z.array(
    z.object({
      changes: z.array(z.object({ setting: z.string(), before: jsonSchema, after: jsonSchema })),
      outcome: triedSchema,
    }),
  ),
  /** What is assumed, and what the record does not tell, in sentences. */
  notes: z.array(z.string()),
  ...ofRecords,
});

export const whatIfOperations = {
  testReceiveConnector: { input: testInput, output: testOutput },
  followReceiveConnectorTest: { input: testInput, output: progressOf(testOutput) },
} as const;
