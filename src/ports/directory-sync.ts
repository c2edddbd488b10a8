import { open } from "node:fs/promises";

/** Makes a directory's entries durable; callers that come while one sync goes on share the next. */
export type DirectorySync = () => Promise<void>;

export function createDirectorySync(directory: string): DirectorySync {
  let next: Promise<void> | undefined;
  let current: Promise<void> = Promise.resolve();

  return () => {
    if (next === undefined) {
      const mine = current
        .catch(() => undefined)
        .then(() => {
          // From here on an entry made later needs a sync of its own.
          next = undefined;
          return syncDirectory(directory);
        });
      next = mine;
      current = mine;
    }
    return next;
  };
}

/** Windows knows no sync of directories; NTFS journals renames. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
