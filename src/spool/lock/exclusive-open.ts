/**
 * The lock where the system opens a file for one alone: macOS and the BSDs by O_EXLOCK (the lock of flock(2), taken by
 * open(2)), Windows without sharing (libuv: UV_FS_O_EXLOCK). It ends with the descriptor, so with the process.
 */
import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { LockAttempt } from "./lock-attempt.ts";

const exclusiveFlag = process.platform === "win32" ? 0x1000_0000 : 0x20;

export async function tryExclusiveOpen(directory: string): Promise<LockAttempt> {
  const path = join(directory, "lock");
  let handle: FileHandle;
  try {
    const { O_RDWR, O_CREAT, O_NONBLOCK } = constants;
    handle = await open(path, O_RDWR | O_CREAT | O_NONBLOCK | exclusiveFlag, 0o600);
  } catch (error) {
    const { code } = error as { code?: unknown };
    // On Windows a file that another has for itself is busy, or not permitted.
    if (code === "EAGAIN" || code === "EWOULDBLOCK" || code === "EBUSY" || code === "EPERM")
      return { heldBy: path };
    throw error;
  }
  // The file is left when the lock is given back: to remove it would leave two who hold "the" file.
  const { dev, ino } = await handle.stat();
  return {
    async lost() {
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) return `${path} was removed`;
      return found.ino === ino && found.dev === dev ? undefined : `${path} was replaced`;
    },
    unlock: () => handle.close().catch(() => undefined),
  };
}
