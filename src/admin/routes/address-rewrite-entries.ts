/** Address rewrite entries. */
import type { Route } from "./route.ts";

export const addressRewriteEntryRoutes = {
  listAddressRewriteEntries: {
    method: "GET",
    path: "/v1/address-rewrite-entries",
    role: "viewer",
    summary: "What senders are called on their way out.",
  },
  newAddressRewriteEntry: {
    method: "POST",
    path: "/v1/address-rewrite-entries",
    role: "administrator",
    summary: "Gives senders another address on their way out.",
  },
  setAddressRewriteEntry: {
    method: "PATCH",
    path: "/v1/address-rewrite-entries/{name}",
    role: "administrator",
    summary: "Changes an address rewrite entry; null puts a setting back to its default.",
  },
  removeAddressRewriteEntry: {
    method: "DELETE",
    path: "/v1/address-rewrite-entries/{name}",
    role: "administrator",
    summary: "Removes an address rewrite entry.",
  },
} as const satisfies Record<string, Route>;
