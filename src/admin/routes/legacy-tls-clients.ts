/** Clients that know old TLS only. */
import type { Route } from "./route.ts";

export const legacyTlsRoutes = {
  listLegacyTlsClients: {
    method: "GET",
    path: "/v1/legacy-tls-clients",
    role: "viewer",
    summary: "Clients that speak TLS 1.0 or 1.1, or were refused because they know nothing newer.",
  },
} as const satisfies Record<string, Route>;
