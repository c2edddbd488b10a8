/** What this machine can do, measured in a second or two: for Test-Relay. */
import { mkdtemp, open, rm } from "node:fs/promises";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join } from "node:path";
import type { Measured } from "../../core/planning/ceilings.ts";
import { memoryBytesPerConnection } from "../../core/advice/connection-cost.ts";

export type MeasuredMachine = Omit<Measured, "messagesPerSecond" | "cpuMsPerMessage"> & {
  /** Where the disk was measured. */
  readonly directory: string;
};

const flushes = 30;
const pageBytes = 4_096;
const blockBytes = 1024 * 1024;
const blocks = 24;

/** `directory`: where the relay writes; where that may not be written, the folder for temporary files stands for it. */
export async function measureMachine(directory: string): Promise<MeasuredMachine> {
  const disk = await measureDisk(directory).catch(() => measureDisk(tmpdir()));
  return {
    ...disk,
    cores: availableParallelism(),
    // In a container what it may have, not what the host has.
    freeMemoryBytes: Math.min(freemem(), process.availableMemory?.() ?? Infinity),
    memoryBytesPerConnection,
  };
}

async function measureDisk(
  directory: string,
): Promise<Pick<MeasuredMachine, "directory" | "flushMs" | "diskBytesPerSecond">> {
  const folder = await mkdtemp(join(directory, "weir-measure-"));
  try {
    const file = await open(join(folder, "file"), "w");
    try {
      const page = Buffer.alloc(pageBytes, 1);
      const begun = performance.now();
      for (let each = 0; each < flushes; each++) {
        await file.write(page);
        await file.datasync();
      }
      const flushMs = (performance.now() - begun) / flushes;
      const block = Buffer.alloc(blockBytes, 1);
      const writing = performance.now();
      for (let each = 0; each < blocks; each++) await file.write(block);
      await file.datasync();
      const seconds = (performance.now() - writing) / 1000;
      return { directory, flushMs, diskBytesPerSecond: (blocks * blockBytes) / seconds };
    } finally {
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
