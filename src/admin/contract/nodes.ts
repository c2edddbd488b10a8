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
  /** It does what one does for all. */
  isChores: z.boolean(),
  /** Null: not suspended. Also of a node that does not live: it holds when it comes. */
  suspended: z.object({ since: instantSchema, by: z.string() }).nullable(),
});

const change = {
  input: z.object({ name: z.string().min(1).max(63) }),
  /** `changed` false: it was so already. `others`: nodes beside it that take mail. */
  output: z.object({ changed: z.boolean(), node: nodeSchema, others: countSchema }),
};

export const nodeOperations = {
  /** By name; empty where this is the only relay. */
  listNodes: { input: z.object({}), output: z.object({ nodes: z.array(nodeSchema) }) },
  suspendNode: change,
  resumeNode: change,
} as const;
