/** Applications: names of sources. */
import type { Route } from "./route.ts";

export const applicationRoutes = {
  listApplications: {
    method: "GET",
    path: "/v1/applications",
    role: "viewer",
    summary: "Names, owners and purposes of sources, and what came of them.",
  },
  newApplication: {
    method: "POST",
    path: "/v1/applications",
    role: "administrator",
    summary: "Gives sources a name.",
  },
  setApplication: {
    method: "PATCH",
    path: "/v1/applications/{name}",
    role: "administrator",
    summary: "Changes an application; null puts a setting back to its default.",
  },
  removeApplication: {
    method: "DELETE",
    path: "/v1/applications/{name}",
    role: "administrator",
    summary: "Removes an application; its sources have no name any more.",
  },
} as const satisfies Record<string, Route>;
