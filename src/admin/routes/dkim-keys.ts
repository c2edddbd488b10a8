/** Keys that sign what goes out. */
import type { Route } from "./route.ts";

export const dkimKeyRoutes = {
  listDkimKeys: {
    method: "GET",
    path: "/v1/dkim-keys",
    role: "viewer",
    summary: "Keys that sign what goes out, and the records DNS should have.",
  },
  newDkimKey: {
    method: "POST",
    path: "/v1/dkim-keys",
    role: "administrator",
    summary: "Makes a key for a domain; it signs nothing before it is set active.",
  },
  setDkimKey: {
    method: "PATCH",
    path: "/v1/dkim-keys/{name}",
    role: "administrator",
    summary: "Signs with a key, or not any more.",
  },
  removeDkimKey: {
    method: "DELETE",
    path: "/v1/dkim-keys/{name}",
    role: "administrator",
    summary: "Forgets a key; its file stays.",
  },
  testDkimKey: {
    method: "POST",
    path: "/v1/dkim-keys/test",
    role: "operator",
    summary: "Asks DNS whether it has the keys.",
  },
} as const satisfies Record<string, Route>;
