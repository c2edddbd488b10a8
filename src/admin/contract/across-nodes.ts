/** Several nodes, one view: what that adds to the operations of spread-operations.ts. */
import { z } from "zod";

/** In the input of these operations. */
export const ofServer = {
  /** Only what this node has, or does; of all when left out. */
  server: z.string().min(1).max(63).optional(),
};

const unansweredSchema = z.array(
  z.object({
    server: z.string(),
    /** Why: behind `relay-b did not answer:`. */
    reason: z.string(),
  }),
);

/** In their output: nodes whose part is missing. Left out where all answered. */
export const answered = { unanswered: unansweredSchema.optional() };
export type Unanswered = z.output<typeof unansweredSchema>;

/** In a row that is one node's: which. Left out where there is one node. */
export const onServer = { server: z.string().optional() };

/** In an answer out of the traffic record: whose it is about. Left out where there is one relay, or one node was asked for. */
export const ofRecords = { servers: z.array(z.string()).optional(), ...answered };
