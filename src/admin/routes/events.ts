/** The event log, and how much each category tells. */
import type { Route } from "./route.ts";

export const eventRoutes = {
  listEventLevels: {
    method: "GET",
    path: "/v1/event-levels",
    role: "viewer",
    summary: "Every category with its diagnostic logging level.",
  },
  setEventLevel: {
    method: "PUT",
    path: "/v1/event-levels",
    role: "operator",
    summary: "Sets the level of a category, or of all.",
  },
  queryEvents: { method: "GET", path: "/v1/events", role: "viewer", summary: "Stored events, newest first." },
  followEvents: {
    method: "GET",
    path: "/v1/events/stream",
    role: "viewer",
    summary: "Events as they are written.",
    stream: true,
  },
} as const satisfies Record<string, Route>;
