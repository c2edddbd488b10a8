/** Queues, and what an operator may do to them. */
import type { Route } from "./route.ts";

export const queueRoutes = {
  listQueues: {
    method: "GET",
    path: "/v1/queues",
    role: "viewer",
    summary: "Queues and what they wait for.",
  },
  retryQueue: {
    method: "POST",
    path: "/v1/queues/retry",
    role: "operator",
    summary: "Tries a queue, or all, at once; with `resubmit` its messages are routed again.",
  },
  suspendQueue: {
    method: "POST",
    path: "/v1/queues/suspend",
    role: "operator",
    summary: "Suspends a queue: it takes mail and delivers none, also after a restart.",
  },
  resumeQueue: {
    method: "POST",
    path: "/v1/queues/resume",
    role: "operator",
    summary: "Lets a suspended queue go on.",
  },
} as const satisfies Record<string, Route>;
