/** What recipient domains ask of TLS, and what came of it. */
import { z } from "zod";
import { tlsFaults } from "../../core/tls-policy/tls-result.ts";
import { countSchema } from "./values.ts";

/** RFC 8460 §4.4. */
const tlsReportSchema = z.object({
  "organization-name": z.string(),
  "date-range": z.object({ "start-datetime": z.string(), "end-datetime": z.string() }),
  "contact-info": z.string(),
  "report-id": z.string(),
  policies: z.array(
    z.object({
      policy: z.object({
        "policy-type": z.enum(["tlsa", "sts", "no-policy-found"]),
        "policy-string": z.array(z.string()).optional(),
        "policy-domain": z.string(),
        "mx-host": z.array(z.string()).optional(),
      }),
      summary: z.object({
        "total-successful-session-count": countSchema,
        "total-failure-session-count": countSchema,
      }),
      "failure-details": z
        .array(
          z.object({
            "result-type": z.enum(tlsFaults),
            "sending-mta-ip": z.string().optional(),
            "receiving-mx-hostname": z.string().optional(),
            "receiving-ip": z.string().optional(),
            "failed-session-count": countSchema,
            "failure-reason-code": z.string().optional(),
          }),
        )
        .optional(),
    }),
  ),
});

export const outgoingTlsOperations = {
  listTlsReports: {
    input: z.object({
      /** A recipient domain, or a recipient's address. */
      domain: z.string().min(1).max(320).optional(),
      /** UTC. */
      date: z.iso.date().optional(),
      limit: z.int().min(1).max(10_000).default(1000),
    }),
    output: z.object({
      /** The latest day first, then by domain. */
      reports: z.array(
        z.object({ date: z.string(), domain: z.string(), sent: z.boolean(), report: tlsReportSchema }),
      ),
      /** There are more than `limit`. */
      hasMore: z.boolean(),
    }),
  },
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
