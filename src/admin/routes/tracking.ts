/** What became of messages. */
import type { Route } from "./route.ts";

export const trackingRoutes = {
  searchMessageTracking: {
    method: "GET",
    path: "/v1/message-tracking",
    role: "viewer",
    summary: "Entries of the message tracking log, newest first.",
  },
  exportMessageTracking: {
    method: "GET",
    path: "/v1/message-tracking/export",
    role: "viewer",
    summary: "Lines of the message tracking log as a file of their own (Exchange's MSGTRK), oldest first.",
    octets: "text/csv",
  },
  explainMessage: {
    method: "GET",
    path: "/v1/explanations/messages/{message}",
    role: "viewer",
    summary: "The whole way of one message, oldest entry first, and where it waits now.",
  },
} as const satisfies Record<string, Route>;
