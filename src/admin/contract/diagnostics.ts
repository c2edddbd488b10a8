/** The relay itself, its events, its configuration. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import {
  categorySchema,
  changeSchema,
  countSchema,
  faultSchema,
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

/** `changed` false: it was so already. */
const serviceChange = z.object({ changed: z.boolean(), queued: countSchema, sessions: countSchema });

export const diagnosticOperations = {
  about: {
    input: z.object({}),
    output: z.object({
      version: z.string(),
      pid: z.int(),
      hostname: z.string(),
      /** Its name among several nodes; null: it is the only relay. */
      node: z.string().nullable(),
      startedAt: instantSchema,
      /** Null: the relay was started without a file. */
      configFile: z.string().nullable(),
      dataDirectory: z.string(),
      listeners: z.array(z.string()),
      sessions: countSchema,
      queued: countSchema,
      /** Set while the service takes no new mail: since when, and by whom. */
      suspended: z.object({ since: instantSchema, by: z.string() }).nullable(),
      /** What `/readyz` says: whether it takes mail, and why not, in sentences without a full stop. */
      ready: z.boolean(),
      reasons: z.array(z.string()),
      /** `rejected`: a later version of the file has faults, and the one before holds. */
      configuration: z.enum(["applied", "rejected"]),
      /** The certificates that are presented. */
      certificates: z.array(z.object({ file: z.string(), subject: z.string(), validTo: instantSchema })),
    }),
  },
  suspendService: { input: z.object({}), output: serviceChange },
  resumeService: { input: z.object({}), output: serviceChange },
  stopRelay: {
    input: z.object({}),
    /** It stops behind this answer. `graceMs`: what sessions and deliveries get to end. */
    output: z.object({ pid: z.int(), graceMs: countSchema, sessions: countSchema }),
  },
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

  getConfiguration: {
    input: z.object({}),
    output: z.object({
      file: z.string(),
      /** As it was applied, with stars in place of passwords. */
      text: z.string(),
    }),
  },
  checkConfiguration: {
    input: z.object({ text: z.string().max(1_000_000).optional() }),
    output: z.object({ ok: z.boolean(), faults: z.array(faultSchema), warnings: z.array(faultSchema) }),
  },
  reloadConfiguration: { input: z.object({}), output: changeSchema },
} as const;
