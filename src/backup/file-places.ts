/**
 * Puts files into a backup's folder: by a link to the one of the backup before it where that is the same, else by a copy,
 * which shares its blocks where the file system can. All is durable behind `sync`.
 */
import { constants, copyFile, link, lutimes, open, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { syncDirectory } from "../ports/directory-sync.ts";
import { isMissing } from "../ports/file-fault.ts";
import { makeDirectory } from "../ports/make-directory.ts";

export interface FilePlaces {
  /**
   * Puts `source` at `path`, with slashes below the folder. `unchanging`: its name tells its content, as of a body; what
   * stood in the backup before under that name is the same, and the relay's own file may be linked to. Undefined: it is
   * not there any more. Rejects with the system's error.
   */
  put(source: string, path: string, unchanging?: boolean): Promise<void>;
  /** What was put; `isAsBefore`: a link to what stands in the backup before. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly isAsBefore: boolean }[];
  /** Octets that were written, not linked to. */
  readonly copiedBytes: number;
  /** Notes a file that others have put there, durably. */
  note(path: string): Promise<void>;
  sync(): Promise<void>;
}

export function filePlaces(folder: string, before: string | undefined): FilePlaces {
  const files: { path: string; bytes: number; isAsBefore: boolean }[] = [];
  const directories = new Set<string>([folder]);
  let copiedBytes = 0;

  const makeDirectoryOf = async (target: string): Promise<void> => {
    for (let at = dirname(target); !directories.has(at); at = dirname(at)) {
      await makeDirectory(at, 0o700);
      directories.add(at);
    }
  };

  const linked = async (existing: string, target: string): Promise<boolean> =>
    link(existing, target).then(
      () => true,
      () => false,
    );

  /** Of the backup before, when it is the same file. */
  const sameBefore = async (path: string, size: number, mtimeMs: number | undefined) => {
    if (before === undefined) return undefined;
    const existing = join(before, path);
    const found = await stat(existing).catch(() => undefined);
    if (found === undefined || found.size !== size) return undefined;
    return mtimeMs === undefined || Math.abs(found.mtimeMs - mtimeMs) < 1 ? existing : undefined;
  };

  return {
    files,
    get copiedBytes() {
      return copiedBytes;
    },
    async put(source, path, unchanging = false) {
      const target = resolve(folder, path);
      try {
        const { size, mtime, mtimeMs } = await stat(source);
        await makeDirectoryOf(target);
        const existing = await sameBefore(path, size, unchanging ? undefined : mtimeMs);
        const isAsBefore = existing !== undefined && (await linked(existing, target));
        const isLinked = isAsBefore || (unchanging && (await linked(source, target)));
        if (!isLinked) {
          await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
          await durable(target);
          await lutimes(target, mtime, mtime);
        }
        // A log may have grown meanwhile.
        const { size: bytes } = await stat(target);
        if (!isLinked) copiedBytes += bytes;
        files.push({ path, bytes, isAsBefore });
      } catch (error) {
        const isGone = isMissing(error) && (await stat(source).catch(() => undefined)) === undefined;
        if (!isGone || unchanging) throw error;
      }
    },
    async note(path) {
      const target = resolve(folder, path);
      await makeDirectoryOf(target);
      const { size } = await stat(target);
      copiedBytes += size;
      files.push({ path, bytes: size, isAsBefore: false });
    },
    async sync() {
      for (const directory of directories) await syncDirectory(directory);
    },
  };
}

async function durable(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
