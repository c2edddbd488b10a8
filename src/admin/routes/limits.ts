/** Who is connected, what of the limits is in use, and what happened to a source. */
import type { Route } from "./route.ts";

export const limitRoutes = {
  listConnections: {
    method: "GET",
    path: "/v1/connections",
    role: "viewer",
    summary: "Open SMTP sessions, oldest first.",
  },
  listConnectionSources: {
    method: "GET",
    path: "/v1/connection-sources",
    role: "viewer",
    summary: "Open connections by connector and source, against the limits.",
  },
  getLimitUsage: {
    method: "GET",
    path: "/v1/limit-usage",
    role: "viewer",
    summary: "For each connector and limit: configured, in use, highest, refusals, top sources.",
  },
  explainSource: {
    method: "GET",
    path: "/v1/explanations/sources/{source}",
    role: "viewer",
    summary: "What happened to a source, which value would have been enough, and the command that sets it.",
  },
  explainReference: {
    method: "GET",
    path: "/v1/explanations/references/{reference}",
    role: "viewer",
    summary: "The refusal whose reply named this reference.",
  },
  testConnectivity: {
    method: "POST",
    path: "/v1/connectivity-test",
    role: "operator",
    summary: "Connects to each binding of each receive connector and says EHLO and QUIT.",
  },
} as const satisfies Record<string, Route>;
