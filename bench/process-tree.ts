/** What a process and all below it cost, from Linux's /proc. */
import { readFileSync, readdirSync } from "node:fs";

interface ProcessRow {
  readonly parent: number;
  readonly ticks: number;
  readonly residentPages: number;
}

const microsPerTick = 10_000;
const pageBytes = 4096;

function treeOf(root: number): ReadonlyMap<number, ProcessRow> {
  const processes = new Map<number, ProcessRow>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const [, parent = 0] = fields;
      const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
      processes.set(Number(entry), { parent, ticks, residentPages: fields[21] ?? 0 });
    } catch {
      // It ended meanwhile.
    }
  }
  const within = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = processes.get(at)?.parent) {
      if (at === root) return true;
    }
    return false;
  };
  return new Map([...processes].filter(([pid]) => within(pid)));
}

const rowsOf = (root: number): readonly ProcessRow[] => [...treeOf(root).values()];

/** Ids of all processes below this one. */
export const descendantsOf = (root: number): readonly number[] =>
  [...treeOf(root).keys()].filter((pid) => pid !== root);

/** CPU time of the tree, ended children included, in microseconds. */
export const cpuMicros = (root: number): number =>
  rowsOf(root).reduce((sum, { ticks }) => sum + ticks, 0) * microsPerTick;

/**
 * CPU time of the threads that one process has now, in microseconds: to the nanosecond, where that of the tree is counted in ticks
 * of 10 ms. Of threads that ended it tells nothing.
 */
export function threadsCpuMicros(pid: number): number {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [onCpu = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      nanos += Number(onCpu);
    } catch {
      // It ended meanwhile.
    }
  }
  return nanos / 1000;
}

/** Resident memory of the tree, in bytes; pages shared by several of its processes count for each. */
const residentBytes = (root: number): number =>
  rowsOf(root).reduce((sum, { residentPages }) => sum + residentPages, 0) * pageBytes;

/** Private memory of one process (RssAnon), in bytes. LMDB's mapped pages do not count. */
export function anonymousBytes(pid: number): number {
  const found = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? NaN) * 1024;
}

export interface PeakMemory {
  /** The highest of the readings so far; ends the watch. */
  stop(): number;
}

/** Reads memory four times a second until stopped. */
export function watchPeak(
  pid: number,
  read: (pid: number) => number = residentBytes,
  everyMs = 250,
): PeakMemory {
  let peak = read(pid);
  const look = (): void => {
    peak = Math.max(peak, read(pid));
  };
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}
