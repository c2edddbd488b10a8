/** TLS with the mail hosts of recipient domains. */
import type { Route } from "./route.ts";

export const outgoingTlsRoutes = {
  listTlsReports: {
    method: "GET",
    path: "/v1/tls-reports",
    role: "viewer",
    summary: "What TLS with the mail hosts of recipient domains came to, by day, in the form of RFC 8460.",
  },
  getMtaStsPolicy: {
    method: "GET",
    path: "/v1/mta-sts-policies/{domain}",
    role: "viewer",
    summary: "The MTA-STS policy of a recipient domain, as delivery has it.",
  },
} as const satisfies Record<string, Route>;
