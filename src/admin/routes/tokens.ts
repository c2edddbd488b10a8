/** Tokens for the console. */
import type { Route } from "./route.ts";

export const tokenRoutes = {
  listAdminTokens: {
    method: "GET",
    path: "/v1/admin-tokens",
    role: "administrator",
    summary: "The tokens that let somebody use the console; not their secrets.",
  },
  newAdminToken: {
    method: "POST",
    path: "/v1/admin-tokens",
    role: "administrator",
    summary: "Makes a token; its secret is told in this answer only.",
  },
  removeAdminToken: {
    method: "DELETE",
    path: "/v1/admin-tokens/{name}",
    role: "administrator",
    summary: "Removes a token; its sessions end at once.",
  },
} as const satisfies Record<string, Route>;
