/**
 * A file that another writer may lengthen at any time, as LMDB does with its data file, without telling. Its length is
 * asked of the system, through a descriptor, so that a file that was moved is still the same; what is remembered of an
 * answer is only that it is not shorter. It grows at its end only, wherever that is at that moment, and is never cut: nothing that stands in it can
 * be written over or lost.
 */
import { closeSync, fdatasync, fstatSync, openSync, write } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { isMissing } from "../../ports/file-fault.ts";

export interface GrowingFile {
  /** The length now. Cost: one system call, some microseconds. */
  readonly lengthBytes: number;
  /** What the length was when it was last asked for: it is this or more now. Cost: none. */
  readonly atLeastBytes: number;
  /**
   * Adds blocks that are really allocated to the end, durably. Rejects with the system's error, with `ENOSPC` before a
   * write when the file system says that it has less room. The file may have become longer then, by a part of it.
   */
  lengthen(byBytes: number): Promise<void>;
  /** Whether its path still leads to it. True when that cannot be told, and when it is closed. Cost: a system call. */
  isInPlace(): Promise<boolean>;
  /** What the disk has left. */
  freeBytes(): Promise<number>;
  /** Idempotent. */
  close(): void;
}

const zeros = Buffer.alloc(256 * 1024);

/** Opens or creates the file, with mode 0600. Throws the system's error. */
export function openGrowingFile(path: string): GrowingFile {
  // For appending: the system finds the end and writes there in one step, whoever else lengthens the file meanwhile.
  const fd = openSync(path, "a", 0o600);
  let closed = false;
  let atLeastBytes = 0;
  return {
    get lengthBytes() {
      return (atLeastBytes = fstatSync(fd).size);
    },
    get atLeastBytes() {
      return atLeastBytes;
    },
    async lengthen(byBytes) {
      if ((await freeBytes(path)) < byBytes) throw noSpace();
      for (let left = byBytes; left > 0;) left -= await append(fd, Math.min(zeros.length, left));
      await promisify(fdatasync)(fd);
    },
    async isInPlace() {
      if (closed) return true;
      const { dev, ino } = fstatSync(fd);
      try {
        const found = await stat(path);
        return closed || (found.ino === ino && found.dev === dev);
      } catch (error) {
        return closed || !isMissing(error);
      }
    },
    freeBytes: () => freeBytes(path),
    close() {
      if (!closed) closeSync(fd);
      closed = true;
    },
  };
}

function append(fd: number, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, zeros, 0, bytes, null, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

/** What the file system of a path has left for us. One that tells nothing of it counts as endless. */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** As the system says it. */
export function noSpace(): Error {
  return Object.assign(new Error(`ENOSPC: no space left on device, write`), { code: "ENOSPC" });
}
