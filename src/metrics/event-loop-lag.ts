/** How late the event loop is: above some tens of milliseconds, everybody waits. */
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface EventLoopLag {
  /** Since it was last asked. */
  takeP99Ms(): number;
  stop(): void;
}

const resolutionMs = 10;

export function watchEventLoopLag(): EventLoopLag {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  return {
    takeP99Ms() {
      // What is measured holds the timer's own interval.
      const lagMs = monitor.count === 0 ? 0 : Math.max(0, monitor.percentile(99) / 1e6 - resolutionMs);
      monitor.reset();
      return lagMs;
    },
    stop: () => void monitor.disable(),
  };
}
