/** The files of one directory, by their names as octets. */
import type { Stats } from "node:fs";
import { constants } from "node:fs";
import { link, lstat, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { sep } from "node:path";
import { createDirectorySync } from "../../ports/directory-sync.ts";

export interface DirectoryFiles {
  readonly directory: string;
  list(): Promise<readonly string[]>;
  /** Undefined: it is gone. A link is not followed. */
  look(name: string): Promise<Stats | undefined>;
  /** To read; never waits for a writer, never follows a link. */
  open(name: string): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  /** As `rename`, but never over another file: then it gets the name `otherwise`. */
  restore(from: string, to: string, otherwise: string): Promise<void>;
  /** It may be gone already. */
  remove(name: string): Promise<void>;
  /** What was renamed and removed stays so. */
  sync(): Promise<void>;
}

export function directoryFiles(directory: string): DirectoryFiles {
  const before = Buffer.from(directory + sep);
  const path = (name: string): Buffer => Buffer.concat([before, Buffer.from(name, "latin1")]);
  const unlessGone = <Result>(fault: NodeJS.ErrnoException, otherwise: Result): Result => {
    if (fault.code === "ENOENT") return otherwise;
    throw fault;
  };
  // Windows has neither.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const files: DirectoryFiles = {
    directory,
    async list() {
      const names = await readdir(directory, { encoding: "buffer" });
      return names.map((name) => name.toString("latin1"));
    },
    look: (name) => lstat(path(name)).catch((fault: NodeJS.ErrnoException) => unlessGone(fault, undefined)),
    open: (name) => open(path(name), (O_RDONLY ?? 0) | O_NOFOLLOW | O_NONBLOCK),
    rename: (from, to) => rename(path(from), path(to)),
    async restore(from, to, otherwise) {
      try {
        await link(path(from), path(to));
      } catch (fault) {
        const { code } = fault as NodeJS.ErrnoException;
        // A file system without hard links.
        if (code !== "EEXIST")
          return rename(path(from), path((await files.look(to)) === undefined ? to : otherwise));
        const [own, other] = await Promise.all([files.look(from), files.look(to)]);
        // The same file: a crash came between the two steps.
        if (own?.ino !== other?.ino) return rename(path(from), path(otherwise));
      }
      await files.remove(from);
    },
    remove: (name) =>
      unlink(path(name)).catch((fault: NodeJS.ErrnoException) => unlessGone(fault, undefined)),
    sync: createDirectorySync(directory),
  };
  return files;
}
