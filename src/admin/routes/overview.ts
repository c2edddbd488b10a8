/** The overview. */
import type { Route } from "./route.ts";

export const overviewRoutes = {
  getOverview: {
    method: "GET",
    path: "/v1/overview",
    role: "viewer",
    summary: "The last ten minutes second by second, and the sentences that matter now.",
  },
  followOverview: {
    method: "GET",
    path: "/v1/overview/stream",
    role: "viewer",
    summary: "One point of the overview each second.",
    stream: true,
  },
} as const satisfies Record<string, Route>;
