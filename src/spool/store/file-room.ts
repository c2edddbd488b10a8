/**
 * Room for LMDB's next commit, made before it is begun. When a page cannot be written, LMDB 3.5.6 of lmdb-js
 * formats its error into too small a buffer and may take the process down; so the data file is always longer,
 * by blocks that are really allocated, than the next commit can need, and a full disk is found out here.
 * (File systems that copy on write, and disks that fail, are beyond this.)
 */
import { open, stat } from "node:fs/promises";

export interface CommitNeed {
  /** Pages beyond what is free inside the file that the commit takes at most. */
  readonly pages: number;
  /** Changes that shrink the spool may use what is kept back from new mail, so that a full disk can drain. */
  readonly mayUseReserve: boolean;
}

export interface FileUse {
  readonly pageBytes: number;
  /** Pages up to the last one in use. */
  readonly pages: number;
  /** Pages among them that are free. */
  readonly freePages: number;
}

const reserveBytes = 2 * 1024 * 1024;
const leastTailBytes = 256 * 1024;
const smallestStepBytes = 1024 * 1024;
const largestStepBytes = 16 * 1024 * 1024;
const zeros = Buffer.alloc(256 * 1024);

/** Keeps the file at `path` long enough. `ensure` rejects with the system's error when there is no room. */
export async function fileRoom(path: string) {
  let fileBytes = (await stat(path)).size;

  async function extend(byBytes: number) {
    await writeZeros(path, fileBytes, fileBytes + byBytes);
    fileBytes += byBytes;
  }

  return {
    /**
     * One call at a time; a commit may be under way when its own need is part of `pages`. Cost: arithmetic; now and
     * then some megabytes of zeros.
     */
    async ensure({ pages, mayUseReserve }: CommitNeed, use: () => FileUse): Promise<void> {
      const { pageBytes, pages: usedPages, freePages } = use();
      const needBytes = pages * pageBytes;
      const tailBytes = fileBytes - usedPages * pageBytes;
      if (tailBytes >= needBytes + reserveBytes) return;
      const stepBytes = Math.min(largestStepBytes, Math.max(smallestStepBytes, fileBytes >> 3));
      const missingBytes = needBytes + reserveBytes - tailBytes;
      try {
        await extend(Math.ceil(missingBytes / stepBytes) * stepBytes);
      } catch (error) {
        if (mayUseReserve && tailBytes >= needBytes) return;
        // A drained file holds the pages that new mail needs, though its tail does not.
        if (tailBytes >= leastTailBytes && freePages * pageBytes >= 4 * needBytes + reserveBytes) return;
        throw error;
      }
    },
  };
}

/**
 * Makes a file longer by blocks that are really allocated, durably. Rejects with the system's error; the file is
 * as long as before then.
 */
export async function writeZeros(path: string, fromBytes: number, toBytes: number): Promise<void> {
  const handle = await open(path, "r+");
  try {
    for (let at = fromBytes; at < toBytes;) {
      const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.length, toBytes - at), at);
      at += bytesWritten;
    }
    await handle.datasync();
  } catch (error) {
    await handle.truncate(fromBytes);
    throw error;
  } finally {
    await handle.close();
  }
}
