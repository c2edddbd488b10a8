/** Accounts for AUTH. */
import type { Route } from "./route.ts";

export const userRoutes = {
  listUsers: {
    method: "GET",
    path: "/v1/users",
    role: "viewer",
    summary: "Accounts for AUTH; not their passwords.",
  },
  newUser: {
    method: "POST",
    path: "/v1/users",
    role: "administrator",
    summary: "Adds an account; only the hash of its password is kept.",
  },
  setUser: {
    method: "PATCH",
    path: "/v1/users/{name}",
    role: "administrator",
    summary: "Gives an account another password or name.",
  },
  removeUser: {
    method: "DELETE",
    path: "/v1/users/{name}",
    role: "administrator",
    summary: "Removes an account.",
  },
} as const satisfies Record<string, Route>;
