/** What one fdatasync costs on the disk of a folder, and what its files take. */
import { closeSync, fdatasyncSync, lstatSync, openSync, readFileSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const blockBytes = 4096;

export interface DiskProbe {
  /** Rewrites one block of a file that is there: no change of its size to be written beside it. Milliseconds. */
  inPlace(count: number, pauseMs: number): Promise<readonly number[]>;
  close(): void;
}

export function openDiskProbe(folder: string): DiskProbe {
  const file = openSync(join(folder, "fdatasync"), "w");
  const block = Buffer.alloc(blockBytes, 1);
  writeSync(file, Buffer.alloc(64 * blockBytes), 0, 64 * blockBytes, 0);
  fdatasyncSync(file);
  let at = 0;
  return {
    async inPlace(count, pauseMs) {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        await delay(pauseMs);
        at = (at + 1) % 64;
        writeSync(file, block, 0, blockBytes, at * blockBytes);
        const since = performance.now();
        fdatasyncSync(file);
        times.push(performance.now() - since);
      }
      return times;
    },
    close: () => closeSync(file),
  };
}

/** What the files below take on disk, in bytes; holes do not count. */
export function allocatedBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    const blocks = lstatSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0;
    return sum + blocks * 512;
  }, 0);
}

/** `ext4`; `tmpfs` is memory, on which a flush costs nothing. */
export function fileSystemOf(folder: string): string {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, at = ""]) => at === "/" || folder === at || folder.startsWith(`${at}/`))
    .toSorted(([, a = ""], [, b = ""]) => a.length - b.length);
  return mounts.at(-1)?.[2] ?? "unknown";
}
