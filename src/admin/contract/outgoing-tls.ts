/** What recipient domains ask of TLS, and what came of it. */
import { z } from "zod";
import { countSchema } from "./values.ts";

export const outgoingTlsOperations = {
  getMtaStsPolicy: {
    input: z.object({
      /** A recipient domain, or a recipient's address. */
      domain: z.string().min(1).max(320),
      /** It is fetched anew, whatever is kept. */
      refresh: z.boolean().default(false),
    }),
    output: z.object({
      /** In A-labels. */
      domain: z.string(),
      /** `unknown`: there may be one, and it cannot be had; mail goes as to a domain that has none. */
      policy: z.enum(["enforce", "testing", "none", "unknown"]),
      /** Hosts that it names. */
      mx: z.array(z.string()),
      /** Seconds. Null: no policy is in force. */
      maxAge: countSchema.nullable(),
      /** Of its DNS record. */
      id: z.string().nullable(),
      fetchedAt: z.string().nullable(),
      /** Until when it is in force, unless it is fetched anew. */
      until: z.string().nullable(),
      /** Why there is none, or why what is kept could not be fetched anew. */
      reason: z.string().nullable(),
    }),
  },
} as const;
