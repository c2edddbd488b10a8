/**
 * Whether the spool still stands where it was opened, and is ours: somebody may move or remove the directory or a part
 * of it, put another in its place, unmount it, or take the lock away. What is written by path would go elsewhere then, and what is
 * written by open descriptors to where nobody looks (docs/decisions/0018-one-relay-to-a-directory.md).
 */
import { stat } from "node:fs/promises";
import type { Clock } from "../../ports/ports.ts";
import { repeatLook } from "../../ports/repeated-look.ts";
import type { DirectoryLock } from "./lock-attempt.ts";

export interface SpoolPlace {
  /** Why no mail may be taken, as of the last look; undefined: it stands. */
  readonly fault: string | undefined;
  /**
   * Why nothing may be written any more, as of the last look: another may hold the spool, and what it wrote must not be
   * overwritten, nor what it sends be sent. Stays until the process ends. In a directory that was only moved, mail goes on
   * being delivered.
   */
  readonly lockFault: string | undefined;
  /** Looks now. Never rejects. Cost: some small system calls. */
  look(): Promise<string | undefined>;
  /** Looks at a part of it too from now on: `partFault` says why that is not where it was opened. It must not reject. */
  watchPart(partFault: () => Promise<string | undefined>): void;
  /** Ends the looking. */
  close(): void;
}

const lookEveryMs = 1_000;

/** Looks once a second. `onChange` hears of each fault, and of its end. */
export async function watchSpoolPlace(options: {
  readonly directory: string;
  readonly lock: DirectoryLock;
  readonly clock: Clock;
  readonly onChange: (fault: string | undefined) => void;
}): Promise<SpoolPlace> {
  const { directory, lock, clock, onChange } = options;
  const own = await stat(directory);
  const partFaults: (() => Promise<string | undefined>)[] = [];
  let fault: string | undefined;
  let lockFault: string | undefined;
  let closed = false;

  const directoryFault = async (): Promise<string | undefined> => {
    let found;
    try {
      found = await stat(directory);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return code === "ENOENT" || code === "ENOTDIR"
        ? `the directory ${directory} was moved or removed`
        : `the directory ${directory} cannot be reached: ${message}`;
    }
    if (found.dev !== own.dev) return `another file system is mounted at ${directory}, or its own is not`;
    if (found.ino !== own.ino) return `another directory was put in the place of ${directory}`;
    return undefined;
  };
  const faultNow = async (): Promise<string | undefined> => {
    if (lockFault !== undefined) return lockFault;
    const moved = await directoryFault();
    if (moved !== undefined) return moved;
    if ((await lock.lost()) !== undefined) {
      // A directory that goes between the two looks takes its lock along, and brings it back.
      const movedSince = await directoryFault();
      if (movedSince !== undefined) return movedSince;
      const lost = await lock.lost();
      // Whoever had the spool meanwhile may have changed it.
      if (lost !== undefined)
        lockFault ??= `the lock of the spool is lost: ${lost}; nothing is delivered either; restart the relay`;
    }
    if (lockFault !== undefined) return lockFault;
    for (const partFault of partFaults) {
      const misplaced = await partFault();
      if (misplaced !== undefined) return misplaced;
    }
    return undefined;
  };
  const look = async (): Promise<string | undefined> => {
    const now = await faultNow();
    if (!closed && now !== fault) {
      fault = now;
      onChange(now);
    }
    return now;
  };
  const looks = repeatLook(clock, lookEveryMs, look);

  return {
    get fault() {
      return fault;
    },
    get lockFault() {
      return lockFault;
    },
    look,
    watchPart: (partFault) => void partFaults.push(partFault),
    close() {
      closed = true;
      void looks.close();
    },
  };
}
