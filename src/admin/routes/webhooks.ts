/** Webhooks. */
import type { Route } from "./route.ts";

export const webhookRoutes = {
  listWebhooks: {
    method: "GET",
    path: "/v1/webhooks",
    role: "viewer",
    summary: "URLs that are told of events, and how that goes.",
  },
  newWebhook: {
    method: "POST",
    path: "/v1/webhooks",
    role: "administrator",
    summary: "Has events told to a URL.",
  },
  setWebhook: {
    method: "PATCH",
    path: "/v1/webhooks/{name}",
    role: "administrator",
    summary: "Changes a webhook; null puts a setting back to its default.",
  },
  removeWebhook: {
    method: "DELETE",
    path: "/v1/webhooks/{name}",
    role: "administrator",
    summary: "Removes a webhook, and what it was not told of yet.",
  },
  testWebhook: {
    method: "POST",
    path: "/v1/webhooks/{name}/test",
    role: "operator",
    summary: "Sends one request at once, and tells what came back.",
  },
} as const satisfies Record<string, Route>;
