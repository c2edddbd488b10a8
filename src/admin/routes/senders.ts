/** Who used the relay. */
import type { Route } from "./route.ts";

export const senderRoutes = {
  listSenders: {
    method: "GET",
    path: "/v1/senders",
    role: "viewer",
    summary: "Who used the relay, by source and account, and what is remarkable about it.",
  },
  exportSenders: {
    method: "GET",
    path: "/v1/senders.csv",
    role: "viewer",
    summary: "The same as a CSV file.",
    octets: "text/csv",
  },
  getSenderActivity: {
    method: "GET",
    path: "/v1/sender-activity",
    role: "viewer",
    summary:
      "What came of one application, or one sender that belongs to none, by hour and day, against its limits.",
  },
} as const satisfies Record<string, Route>;
