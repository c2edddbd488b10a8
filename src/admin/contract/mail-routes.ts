/** Which send connector a message would go by. */
import { z } from "zod";
import { considerations } from "../../core/policy/send-connector-explained.ts";
import { countSchema, nameSchema } from "./values.ts";

export const mailRouteOperations = {
  resolveNextHop: {
    input: z.object({
      /** A recipient domain, an address in brackets, or a recipient's address. */
      domain: z.string().min(1).max(320),
      /** What is kept of it is asked for anew. */
      refresh: z.boolean().default(false),
    }),
    output: z.object({
      domain: z.string(),
      /** Null: none serves it. */
      sendConnector: z.string().nullable(),
      /** `ready`: hosts are known. `later`: its mail waits. `refused`: its mail is returned. */
      outcome: z.enum(["ready", "later", "refused"]),
      steps: z.array(z.object({ step: z.string(), finding: z.string() })),
      /** Where its mail waits, if any does. */
      queue: z
        .object({
          identity: z.string(),
          status: z.string(),
          messages: countSchema,
          lastError: z.string().nullable(),
          nextRetryAt: z.string().nullable(),
        })
        .nullable(),
    }),
  },
  testRoute: {
    input: z.object({
      /** Empty, or `<>`: the null reverse-path. */
      from: z.string().max(320),
      to: z.string().min(1).max(320),
      /** Through which the message comes in. Without: through none, as reports do. */
      receiveConnector: nameSchema.optional(),
      /** Without: of none. */
      application: nameSchema.optional(),
      sizeBytes: countSchema.default(0),
    }),
    output: z.object({
      /** The domain it is routed by, in A-labels. */
      domain: z.string(),
      /** Null: none carries it. */
      sendConnector: z.string().nullable(),
      /** Why none does, in a line. */
      reason: z.string().nullable(),
      /** In the order in which they are asked, then those that are not. */
      connectors: z.array(
        z.object({
          name: z.string(),
          consideration: z.enum(considerations),
          /** Null: its address spaces do not hold the domain. */
          cost: countSchema.nullable(),
          details: z.string(),
        }),
      ),
    }),
  },
} as const;
