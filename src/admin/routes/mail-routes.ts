/** Where mail would go, and why. */
import type { Route } from "./route.ts";

export const mailRouteRoutes = {
  resolveNextHop: {
    method: "GET",
    path: "/v1/resolve-next-hop",
    role: "viewer",
    summary: "Where mail of a domain would go now, and why: send connector, MX records, addresses, order.",
  },
  testRoute: {
    method: "GET",
    path: "/v1/test-route",
    role: "viewer",
    summary: "Which send connector a message would go by, and why no other. Nothing is sent.",
  },
} as const satisfies Record<string, Route>;
