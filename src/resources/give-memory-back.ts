/** Gives memory that nobody uses back to the system when the relay has little to do: core/policy/memory-at-rest. */
import { performance } from "node:perf_hooks";
import { neverCollected, restAgain, restPollMs } from "../core/policy/memory-at-rest.ts";
import type { Clock, Timer } from "../ports/ports.ts";

/** As the process is. */
export interface ProcessMemory {
  /** Part of the time since it was last asked for which the event loop had work: 0 to 1. */
  utilization(): number;
  residentBytes(): number;
  collect(): Promise<void>;
}

/** Of a program's own process; a library leaves that to its host. Returns what ends it. Cost: a file of /proc every two seconds. */
export function giveMemoryBack(clock: Clock, memory: ProcessMemory = thisProcess()): () => void {
  let state = neverCollected;
  let timer: Timer;
  const look = (): void => {
    timer = clock.after(restPollMs, look);
    const reading = {
      at: clock.now(),
      utilization: memory.utilization(),
      residentBytes: memory.residentBytes(),
    };
    state = restAgain(state, reading);
    // Where it cannot be had the relay has the memory that it has.
    if (state.isDue) memory.collect().catch(() => undefined);
  };
  timer = clock.after(restPollMs, look);
  return () => timer.cancel();
}

function thisProcess(): ProcessMemory {
  let last = performance.eventLoopUtilization();
  return {
    utilization() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    residentBytes: () => process.memoryUsage.rss(),
    collect: collectAll,
  };
}

/** What V8 does when the system is short of memory, by the one public way there is. Nothing listens, and it ends with it. */
async function collectAll(): Promise<void> {
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  try {
    await session.post("HeapProfiler.collectGarbage");
  } finally {
    session.disconnect();
  }
}
