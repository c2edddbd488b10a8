/** What was refused. */
import type { Route } from "./route.ts";

export const refusalRoutes = {
  listRefusals: {
    method: "GET",
    path: "/v1/refusals",
    role: "viewer",
    summary: "What was refused within the last day, of any kind: to whom, how often, and what was wrong.",
  },
} as const satisfies Record<string, Route>;
