/** Several nodes that share one queue. */
import { z } from "zod";
import { countSchema, instantSchema } from "./values.ts";

export const nodeStates = ["Up", "Draining", "Drained", "NotHeard", "Down", "Stopped"] as const;

const nodeSchema = z.object({
  name: z.string(),
  /** The node that answers. */
  isThis: z.boolean(),
  /**
   * `Up`; `Draining`, suspended and not empty yet; `Drained`, suspended and empty; `NotHeard`, its lease is over; `Down`, others
   * took over what it held; `Stopped`, it ended in good order.
   */
  state: z.enum(nodeStates),
  /** Of its incarnation; another after each start. */
  number: z.int(),
  version: z.string(),
  startedAt: instantSchema,
  /** Null while it lives. */
  endedAt: instantSchema.nullable(),
  leaseMs: countSchema,
  /** Until its lease is over, below zero since then; null where it lives no more. */
  leaseLeftMs: z.int().nullable(),
  /** Messages of the queue that it holds: being delivered, or in its memory. */
  messages: countSchema,
  connections: countSchema,
  /** Where the other nodes ask it; null: nowhere. */
  address: z.string().nullable(),
  /** What it should listen on for mail and does not: `10.0.0.1:25 for AppRelay: address in use`. */
  failedListeners: z.array(z.string()),
  /** It does what one does for all. */
  isChores: z.boolean(),
  /** Null: not suspended. Also of a node that does not live: it holds when it comes. */
  suspended: z.object({ since: instantSchema, by: z.string() }).nullable(),
  /**
   * Of the shared configuration: the version whose settings hold there, the newest there is, and why the node cannot use that.
   * Null: it shares none.
   */
  configuration: z
    .object({ inForce: z.int().nullable(), newest: z.int(), faults: z.array(z.string()) })
    .nullable(),
});

const change = {
  input: z.object({ name: z.string().min(1).max(63) }),
  /** `changed` false: it was so already. `others`: nodes beside it that take mail. */
  output: z.object({ changed: z.boolean(), node: nodeSchema, others: countSchema }),
};

const auditEntrySchema = z.object({
  at: instantSchema,
  /** Where it was done; not there where there is one relay. */
  server: z.string().optional(),
  /** A token's name, or `shell`. */
  who: z.string(),
  /** An address, or `socket`; empty: it was not told. */
  from: z.string(),
  /** Of this API; else the name of the event. */
  operation: z.string(),
  /** What was changed, by its name; empty where the text alone says it. */
  target: z.string(),
  eventId: z.int(),
  text: z.string(),
});

export const nodeOperations = {
  /**
   * The newest first. Of several nodes from their database, which keeps it for 90 days; of a single relay from its events.
   */
  listAudit: {
    input: z.object({
      /** Inclusive. */
      since: instantSchema.optional(),
      /** Exclusive. */
      until: instantSchema.optional(),
      /** In any case of letters. */
      who: z.string().min(1).max(200).optional(),
      /** Contained in operation, target or text. */
      text: z.string().min(1).max(200).optional(),
      /** Only what was done there. */
      node: z.string().min(1).max(63).optional(),
      limit: z.int().min(1).max(10_000).default(100),
    }),
    output: z.object({ entries: z.array(auditEntrySchema) }),
  },
  /** By name; empty where this is the only relay. */
  listNodes: {
    input: z.object({}),
    output: z.object({
      nodes: z.array(nodeSchema),
      /** Why mail is not safe in their database, or slow, each with what to do; empty: it is. */
      databaseFaults: z.array(z.object({ text: z.string(), advice: z.string() })),
    }),
  },
  suspendNode: change,
  resumeNode: change,
  /** One that is gone for good is named no more. Refused for one that lives. */
  removeNode: { input: change.input, output: z.object({ name: z.string() }) },
} as const;
