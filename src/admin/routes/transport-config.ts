/** What Exchange keeps for the organisation. */
import type { Route } from "./route.ts";

export const transportConfigRoutes = {
  getTransportConfig: {
    method: "GET",
    path: "/v1/transport-config",
    role: "viewer",
    summary:
      "What Exchange keeps for the organisation: the largest of all connectors' limits, and how reports are written.",
  },
  setTransportConfig: {
    method: "PATCH",
    path: "/v1/transport-config",
    role: "administrator",
    summary:
      "Sets a limit of all connectors at once, or how reports are written; null puts it back to its default.",
  },
} as const satisfies Record<string, Route>;
