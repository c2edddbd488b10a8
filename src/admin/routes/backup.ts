/** The backup that is made, or was made last. */
import type { Route } from "./route.ts";

export const backupRoutes = {
  startBackup: {
    method: "POST",
    path: "/v1/backup",
    role: "administrator",
    summary: "Begins a backup into a directory of the relay's machine; mail goes on.",
  },
  getBackup: {
    method: "GET",
    path: "/v1/backup",
    role: "viewer",
    summary: "How far the backup is that was begun last, or what came of it.",
  },
  cancelBackup: {
    method: "DELETE",
    path: "/v1/backup",
    role: "administrator",
    summary: "Breaks off the backup that is being made.",
  },
} as const satisfies Record<string, Route>;
