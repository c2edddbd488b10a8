/** A control group that limits the memory of what runs in it: cgroup v2 where it is there, else v1. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onInterrupt } from "../../../../bench/interrupt.ts";

export interface MemoryCgroup {
  /** Put in front of a command. */
  readonly under: readonly string[];
  peakBytes(): number;
  /** Processes ended for want of memory. */
  killed(): number;
  remove(): Promise<void>;
}

const root = "/sys/fs/cgroup";

export function memoryCgroup(limitBytes: number): MemoryCgroup {
  const isV2 = existsSync(join(root, "cgroup.controllers"));
  const folder = join(root, isV2 ? "" : "memory", `weir-faults-${process.pid}`);
  mkdirSync(folder);
  const file = (name: string): string => join(folder, name);
  writeFileSync(file(isV2 ? "memory.max" : "memory.limit_in_bytes"), String(limitBytes));
  const number = (name: string, pattern: RegExp): number =>
    existsSync(file(name)) ? Number(pattern.exec(readFileSync(file(name), "utf8"))?.[1] ?? NaN) : NaN;
  const remove = (): void => rmdirSync(folder);
  const forget = onInterrupt(remove);
  return {
    under: ["sh", "-c", `echo $$ > ${file("cgroup.procs")} && exec "$@"`, "sh"],
    peakBytes: () => number(isV2 ? "memory.peak" : "memory.max_usage_in_bytes", /(\d+)/),
    killed: () => number(isV2 ? "memory.events" : "memory.oom_control", /oom_kill (\d+)/),
    async remove() {
      forget();
      for (let turn = 0; ; turn++) {
        try {
          return remove();
        } catch (error) {
          // Its last process takes a moment to be gone.
          if (turn === 50) throw error;
          await delay(50);
        }
      }
    },
  };
}
