/** The nodes of a cluster, and who changed what on them. */
import type { Route } from "./route.ts";

export const nodeRoutes = {
  listAudit: {
    method: "GET",
    path: "/v1/audit",
    role: "viewer",
    summary: "Who changed what, newest first; of several nodes on any of them.",
  },
  listNodes: {
    method: "GET",
    path: "/v1/nodes",
    role: "viewer",
    summary: "The nodes that share the queue: whether they live, and what each has.",
  },
  suspendNode: {
    method: "POST",
    path: "/v1/nodes/{name}/suspend",
    role: "operator",
    summary: "Drains a node: it takes no new mail and leaves what waits to others, also after a restart.",
  },
  resumeNode: {
    method: "POST",
    path: "/v1/nodes/{name}/resume",
    role: "operator",
    summary: "Lets a suspended node take mail again.",
  },
  removeNode: {
    method: "DELETE",
    path: "/v1/nodes/{name}",
    role: "operator",
    summary: "Forgets a node that is gone for good.",
  },
} as const satisfies Record<string, Route>;
