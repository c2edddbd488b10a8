import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isMissing } from "./file-fault.ts";

/**
 * Makes a directory, with those above it that are missing. Resolves with the highest one that was made, or undefined
 * when there was nothing to do. Rejects with the system's error: Node's own says ENOENT for a disk that is full, read-only
 * or failing.
 */
export async function makeDirectory(path: string, mode?: number): Promise<string | undefined> {
  const options = mode === undefined ? {} : { mode };
  try {
    return await mkdir(path, { recursive: true, ...options });
  } catch (error) {
    if (!isMissing(error)) throw error;
    const highest = await highestMissing(resolve(path));
    await mkdir(highest, options);
    await mkdir(path, { recursive: true, ...options });
    return highest;
  }
}

async function highestMissing(path: string): Promise<string> {
  const above = dirname(path);
  if (above === path) return path;
  const isThere = await stat(above).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
  return isThere ? path : highestMissing(above);
}
