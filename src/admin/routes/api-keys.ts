/** Keys that programs hand mail in with. */
import type { Route } from "./route.ts";

export const apiKeyRoutes = {
  listApiKeys: {
    method: "GET",
    path: "/v1/api-keys",
    role: "viewer",
    summary: "Keys that programs hand mail in with; not the keys themselves.",
  },
  newApiKey: {
    method: "POST",
    path: "/v1/api-keys",
    role: "administrator",
    summary: "Makes a key, which is told in this answer only.",
  },
  setApiKey: {
    method: "PATCH",
    path: "/v1/api-keys/{name}",
    role: "administrator",
    summary: "Changes what a key may do; null puts a setting back to its default.",
  },
  removeApiKey: {
    method: "DELETE",
    path: "/v1/api-keys/{name}",
    role: "administrator",
    summary: "Removes a key.",
  },
} as const satisfies Record<string, Route>;
