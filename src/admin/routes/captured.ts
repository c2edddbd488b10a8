/** The capture box. */
import type { Route } from "./route.ts";

export const capturedRoutes = {
  listCaptured: {
    method: "GET",
    path: "/v1/captured",
    role: "viewer",
    summary: "Captured messages that fit, the latest first; with `wait` as soon as there is one.",
  },
  getCaptured: {
    method: "GET",
    path: "/v1/captured/{id}",
    role: "operator",
    summary: "A captured message with its text, HTML, header fields and attachments.",
  },
  getCapturedSource: {
    method: "GET",
    path: "/v1/captured/{id}/source",
    role: "operator",
    summary: "A captured message, octet for octet.",
    octets: "message/rfc822",
  },
  getCapturedHtml: {
    method: "GET",
    path: "/v1/captured/{id}/html",
    role: "operator",
    summary: "Its HTML, to be shown: it can run and fetch nothing.",
    octets: "text/html; charset=utf-8",
  },
  getCapturedAttachment: {
    method: "GET",
    path: "/v1/captured/{id}/attachments/{index}",
    role: "operator",
    summary: "One of its attachments.",
    octets: "application/octet-stream",
  },
  removeCaptured: {
    method: "DELETE",
    path: "/v1/captured/{id}",
    role: "operator",
    summary: "Deletes a captured message.",
  },
  removeAllCaptured: {
    method: "DELETE",
    path: "/v1/captured",
    role: "operator",
    summary: "Deletes the captured messages that fit, or all.",
  },
} as const satisfies Record<string, Route>;
