/** Who is connected, what of the limits is in use, who was refused and what would have been enough. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import { eventSchema } from "./events.ts";
import { refusalsSchema, remedySchema } from "./refusals.ts";
import { applicationSchema, countSchema, instantSchema, limitSchema, nameSchema } from "./values.ts";

const connectionSchema = z.object({
  ...onServer,
  id: z.string(),
  connector: z.string(),
  address: z.string(),
  port: z.int(),
  /** What limits count it under. */
  source: z.string(),
  application: applicationSchema,
  since: instantSchema,
  /** What it does now: `greeted`, `idle`, `mail`, `data`, … */
  state: z.string(),
  tls: z.object({ protocol: z.string(), cipher: z.string() }).nullable(),
  user: z.string().nullable(),
  heloName: z.string().nullable(),
  messages: countSchema,
  /** Each reply to it waits, because its address hung up in a tarpit (discreditInterval). */
  discredited: z.boolean(),
});

const sourceCountSchema = z.object({
  connector: z.string(),
  source: z.string(),
  application: applicationSchema,
  open: countSchema,
  /** What the stricter of the limits per source allows this source now. */
  allowed: limitSchema,
  maxInboundConnectionPerSource: limitSchema,
  maxInboundConnectionPercentagePerSource: z.number(),
  /** Each reply to it waits (discreditInterval). */
  discredited: z.boolean(),
});

const usageRowSchema = z.object({
  /** The setting's name. */
  limit: z.string(),
  configured: limitSchema,
  /** What it comes to now, where it is a percentage; else as configured. */
  allowed: limitSchema,
  /** Of limits for each source: what the source with most of it has. */
  inUse: z.number(),
  highestLastHour: z.number(),
  highestLastDay: z.number(),
  refusedLastHour: countSchema,
  refusedLastDay: countSchema,
  /** At most ten, those most refused first. */
  topSources: z.array(
    z.object({
      source: z.string(),
      application: applicationSchema,
      inUse: z.number(),
      highestLastDay: z.number(),
      refusedLastHour: countSchema,
      refusedLastDay: countSchema,
    }),
  ),
});

/** A value that is only looked at, and what it would have refused. */
const watchedSchema = z.object({
  value: limitSchema,
  /** True: the limit's own (reportOnly), and none is enforced; false: a candidate beside it. */
  reportOnly: z.boolean(),
  wouldRefuseLastHour: countSchema,
  wouldRefuseLastDay: countSchema,
  /** At most ten, those most often first. */
  topSources: z.array(
    z.object({ source: z.string(), application: applicationSchema, wouldRefuseLastDay: countSchema }),
  ),
});

const adviceSchema = z.object({
  changes: z.array(z.object({ limit: z.string(), configured: limitSchema, suggested: limitSchema })),
  /** `Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 40` */
  command: z.string(),
  notes: z.array(z.string()),
});

export const limitOperations = {
  listConnections: {
    input: z.object({
      connector: nameSchema.optional(),
      /** An address, or a source as limits count it. */
      source: z.string().optional(),
      limit: z.int().min(1).max(100_000).default(10_000),
    }),
    /** `total` counts those beyond `limit` too. */
    output: z.object({ connections: z.array(connectionSchema), total: countSchema }),
  },
  listConnectionSources: {
    input: z.object({ connector: nameSchema.optional() }),
    output: z.object({ sources: z.array(sourceCountSchema) }),
  },
  getLimitUsage: {
    input: z.object({ connector: nameSchema.optional() }),
    output: z.object({
      connectors: z.array(
        z.object({
          connector: z.string(),
          openConnections: countSchema,
          /** Held at a limit now (limitAction `delay`). */
          waiting: countSchema,
          sources: countSchema,
          limits: z.array(usageRowSchema.extend({ watched: watchedSchema.nullable() })),
        }),
      ),
      /** maxConnectionRatePerMinute, over all connectors. */
      connectionRate: usageRowSchema,
      /** Since when usage has been counted: the relay's start, a day at most. */
      since: instantSchema,
    }),
  },
  explainSource: {
    input: z.object({ source: z.string().min(1).max(100) }),
    output: z.object({
      /** As limits count it; an IPv6 address is one of its network. */
      source: z.string(),
      application: applicationSchema,
      /** The receive connector an address would reach now, for each binding; empty for none. */
      wouldReach: z.array(z.object({ binding: z.string(), connector: z.string().nullable() })),
      connectors: z.array(
        z.object({
          connector: z.string(),
          openConnections: countSchema,
          highestOpenLastHour: countSchema,
          highestOpenLastDay: countSchema,
          meanConnectionMs: z.number().nullable(),
          messagesLastMinute: countSchema,
          highestMessagesLastHour: countSchema,
          highestMessagesLastDay: countSchema,
          /** How much longer each reply to it waits (discreditInterval); null: it does not. */
          discreditedForMs: z.number().nullable(),
          /** How long each refusal waits for clients that have not logged on (tarpitInterval). */
          tarpitMs: z.number(),
          refusals: z.array(
            refusalsSchema.extend({
              /** What the client was told; null: no longer known. */
              reply: z.string().nullable(),
              /** By the settings in force it would not be refused any more. */
              over: z.boolean(),
            }),
          ),
          /** Of limits; empty: the settings are enough for what the source wanted within the last day. */
          advice: z.array(adviceSchema),
        }),
      ),
      /** What helps, for each kind of refusal that the settings in force would repeat; the newest first. */
      remedies: z.array(remedySchema),
      connections: z.array(connectionSchema),
      /** Newest first. */
      events: z.array(eventSchema),
    }),
  },
  explainReference: {
    input: z.object({ reference: z.string().min(1).max(32) }),
    output: z.object({
      reference: z.string(),
      /** The entry that holds it; several where each refusal is written singly. Empty: nothing is known of it. */
      events: z.array(eventSchema),
      /** For explainSource; null when nothing is known. */
      source: z.string().nullable(),
      connector: z.string().nullable(),
      limit: z.string().nullable(),
      application: applicationSchema,
      /** The instant the reference was made, as it tells itself; null when it cannot. */
      at: instantSchema.nullable(),
    }),
  },
  testConnectivity: {
    input: z.object({
      connector: nameSchema.optional(),
      timeoutMs: z.int().min(100).max(60_000).default(10_000),
    }),
    output: z.object({
      results: z.array(
        z.object({
          ...onServer,
          connector: z.string(),
          binding: z.string(),
          /** Where it connected to. */
          endpoint: z.string(),
          statusCode: z.enum([
            "Success",
            "Unable to connect",
            "Transient error",
            "Permanent error",
            "External error",
          ]),
          details: z.string(),
        }),
      ),
    }),
  },
} as const;
