/** Values for limits out of the recorded traffic, and that record. */
import type { Route } from "./route.ts";

export const limitAdviceRoutes = {
  getLimitAdvice: {
    method: "GET",
    path: "/v1/limit-advice",
    role: "viewer",
    summary:
      "Values for limits out of the recorded traffic, with reasons and what they would have refused; what a connector that learns has learned.",
  },
  followLimitAdvice: {
    method: "GET",
    path: "/v1/limit-advice/stream",
    role: "viewer",
    summary: "The same, told how far it is.",
    stream: true,
  },
  exportTrafficRecord: {
    method: "GET",
    path: "/v1/traffic-record",
    role: "viewer",
    summary: "The traffic record of one node, of the days that are asked for: nodes ask each other for it.",
    octets: "application/octet-stream",
  },
} as const satisfies Record<string, Route>;
