/** How much of the machine is used: the file system of a directory, memory, and how late the event loop is. */
import { readFile, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ResourceMeter } from "../ports/ports.ts";

const lagResolutionMs = 20;
/** One long pause is no lag: told is the least of so many samples. */
const lagSamples = 5;

/**
 * Used disk space is counted as `df` does: what is kept for root is not free. Memory is what only this process holds
 * (Linux: RssAnon, so that the pages of the spool's file do not count), against the container's limit where there
 * is one. A sample costs three small system calls off the main thread.
 */
export function createSystemResourceMeter(directory: string): ResourceMeter {
  const delay = monitorEventLoopDelay({ resolution: lagResolutionMs });
  delay.enable();
  const lags: number[] = [];
  return {
    async sample() {
      const lagMs = Math.max(0, delay.percentile(99) / 1e6 - lagResolutionMs);
      delay.reset();
      lags.push(lagMs);
      if (lags.length > lagSamples) lags.shift();
      const [disk, memoryUsedBytes, memoryLimitBytes] = await Promise.all([
        statfs(directory),
        privateBytes(),
        memoryLimit(),
      ]);
      const usedBlocks = disk.blocks - disk.bfree;
      return {
        diskUsedBytes: usedBlocks * disk.bsize,
        diskSizeBytes: (usedBlocks + disk.bavail) * disk.bsize,
        memoryUsedBytes,
        memoryLimitBytes,
        eventLoopLagMs: lags.length < lagSamples ? 0 : Math.min(...lags),
      };
    },
    close: () => delay.disable(),
  };
}

async function privateBytes(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? process.memoryUsage.rss() : Number(kilobytes) * 1024;
}

async function memoryLimit(): Promise<number> {
  const limit = await readFile("/sys/fs/cgroup/memory.max", "utf8").catch(() => "max");
  const bytes = Number(limit.trim());
  return Number.isFinite(bytes) && bytes > 0 ? Math.min(bytes, totalmem()) : totalmem();
}
