/** Gives each tracking file that is finished its index, and removes indexes whose file is gone. */
import { closeSync, fstatSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listLogFiles, type LogFamily } from "../../logs/log-files.ts";
import { openExisting } from "../scan-file.ts";
import { buildIndex } from "./build-index.ts";
import { indexPath, openIndexFile, writeIndexFile } from "./index-file.ts";

/** Larger files are looked through from end to end: their index would want too much memory to build. */
export const maxIndexedBytes = 128 * 1024 * 1024;

/**
 * The newest file may still grow and gets none. Newest first, one file after another; between two of them, and when
 * it is aborted, others have their turn. Resolves with how many were made. Rejects when a file cannot be read or
 * written.
 */
export async function indexMissing(family: LogFamily, signal?: AbortSignal): Promise<number> {
  const files = await listLogFiles(family);
  removeOrphans(family, new Set(files.map(({ path }) => basename(indexPath(path)))));
  let made = 0;
  for (const { path, sizeBytes } of files.slice(0, -1).reverse()) {
    if (signal?.aborted === true) break;
    if (sizeBytes > maxIndexedBytes || !indexOne(path)) continue;
    made++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return made;
}

/** False when there is nothing to do. */
function indexOne(path: string): boolean {
  const log = statSync(path, { throwIfNoEntry: false });
  if (log === undefined) return false;
  const there = openIndexFile(indexPath(path), { sizeBytes: log.size, changedMs: log.mtimeMs });
  there?.close();
  if (there !== undefined) return false;
  const file = openExisting(path);
  if (file === undefined) return false;
  try {
    const { size, mtimeMs } = fstatSync(file);
    const octets = Buffer.allocUnsafe(size);
    let done = 0;
    while (done < size) {
      const count = readSync(file, octets, done, size - done, done);
      if (count === 0) return false;
      done += count;
    }
    writeIndexFile(indexPath(path), buildIndex(octets, mtimeMs));
    return true;
  } finally {
    closeSync(file);
  }
}

function removeOrphans(family: LogFamily, wanted: ReadonlySet<string>): void {
  const directory = dirname(indexPath(join(family.directory, "x")));
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return;
  }
  for (const name of names) {
    if (/\.idx(?:\.new)?$/.test(name) && !wanted.has(name)) rmSync(join(directory, name), { force: true });
  }
}
