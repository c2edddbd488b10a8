/** What mailboxes and send connectors have used of their budgets. */
import type { Route } from "./route.ts";

export const sendBudgetRoutes = {
  listSendBudgets: {
    method: "GET",
    path: "/v1/send-budgets",
    role: "viewer",
    summary: "What mailboxes and send connectors with a limit have used of it, what waits and how long.",
  },
} as const satisfies Record<string, Route>;
