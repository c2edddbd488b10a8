/** Recorded traffic under other limits. */
import type { Route } from "./route.ts";

export const whatIfRoutes = {
  testReceiveConnector: {
    method: "POST",
    path: "/v1/receive-connectors/{name}/test",
    role: "viewer",
    summary:
      "What other limits, or a connector that is not there yet, would have done to the recorded traffic: who would have been refused, when, by which limit, and the highest use.",
  },
  followReceiveConnectorTest: {
    method: "GET",
    path: "/v1/receive-connectors/{name}/test/stream",
    role: "viewer",
    summary: "The same, told how far it is.",
    stream: true,
  },
} as const satisfies Record<string, Route>;
