/** How short resources are. */
import type { Route } from "./route.ts";

export const resourceRoutes = {
  getResourcePressure: {
    method: "GET",
    path: "/v1/resource-pressure",
    role: "viewer",
    summary: "How short disk, memory, queue and time are, and what is refused for it.",
  },
} as const satisfies Record<string, Route>;
