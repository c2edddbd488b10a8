/** The relay as a whole: which one it is, whether it takes mail, that it stops. */
import type { Route } from "./route.ts";

export const serviceRoutes = {
  about: { method: "GET", path: "/v1/about", role: "viewer", summary: "Which relay answers, and how it is." },
  suspendService: {
    method: "POST",
    path: "/v1/service/suspend",
    role: "operator",
    summary: "Takes no new mail any more and delivers what waits, also after a restart.",
  },
  resumeService: {
    method: "POST",
    path: "/v1/service/resume",
    role: "operator",
    summary: "Takes mail again.",
  },
  stopRelay: {
    method: "POST",
    path: "/v1/service/stop",
    role: "administrator",
    summary: "Ends the relay's process as SIGTERM does; what waits stays on disk.",
  },
} as const satisfies Record<string, Route>;
