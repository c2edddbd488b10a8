/** Messages that wait, and what an operator may do to them. */
import type { Route } from "./route.ts";

export const messageRoutes = {
  listMessages: {
    method: "GET",
    path: "/v1/messages",
    role: "viewer",
    summary: "Messages that wait, of a queue or all, and only those a filter fits.",
  },
  getMessage: {
    method: "GET",
    path: "/v1/messages/{identity}",
    role: "viewer",
    summary: "One message that waits, with each of its recipients.",
  },
  exportMessage: {
    method: "GET",
    path: "/v1/messages/{identity}/content",
    role: "administrator",
    summary: "The content of a message that waits, octet for octet.",
    octets: "message/rfc822",
  },
  suspendMessages: {
    method: "POST",
    path: "/v1/messages/suspend",
    role: "operator",
    summary: "Holds back a message, or those a filter fits, also after a restart.",
  },
  resumeMessages: {
    method: "POST",
    path: "/v1/messages/resume",
    role: "operator",
    summary: "Lets a suspended message, or those a filter fits, go on.",
  },
  retryMessages: {
    method: "POST",
    path: "/v1/messages/retry",
    role: "operator",
    summary: "Tries a message, several, or those a filter fits, at once, whenever they were due.",
  },
  redirectMessages: {
    method: "POST",
    path: "/v1/messages/redirect",
    role: "operator",
    summary:
      "Moves a message, several, or those a filter fits, to another send connector, also over a restart.",
  },
  removeMessages: {
    method: "POST",
    path: "/v1/messages/remove",
    role: "operator",
    summary: "Gives up a message, or those a filter fits, with a report to the sender or without.",
  },
} as const satisfies Record<string, Route>;
