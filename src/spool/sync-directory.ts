/** Directories on disk: what their entries need to outlive a power cut. */
import { open } from "node:fs/promises";

/** Syncs directories; who comes while a sync of his directory runs shares the next one with all who came. */
export function sharedSync(): (path: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  return (path) => {
    let sync = next.get(path);
    if (sync !== undefined) return sync;
    const before = running.get(path) ?? Promise.resolve();
    sync = before
      .catch(() => undefined)
      .then(async () => {
        next.delete(path);
        const begun = syncDirectory(path);
        running.set(path, begun);
        try {
          await begun;
        } finally {
          if (running.get(path) === begun) running.delete(path);
        }
      });
    next.set(path, sync);
    return sync;
  };
}

/** Makes the entries of a directory durable. Windows cannot, and needs not: NTFS journals them. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
