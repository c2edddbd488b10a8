/** A clock that stands still until told to go on. */
import type { Clock, Timer } from "../ports/ports.ts";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface FakeClock extends Clock {
  /** Moves time on, running what falls due in order. Between two timers, waits for promises to settle. */
  advance(ms: number): Promise<void>;
  /** Lets everything that waits on promises (not on time) go on. */
  settle(): Promise<void>;
  /** Timers set and neither run nor cancelled: 0 when nothing leaks. */
  readonly pendingTimers: number;
}

/**
 * `startMs`: milliseconds since the epoch. `busy`: something real is under way (a disk), for which `settle` and
 * `advance` wait.
 */
export function createFakeClock(
  startMs = Date.UTC(2026, 0, 15, 9, 0, 0),
  busy: () => boolean = () => false,
): FakeClock {
  let nowMs = startMs;
  let order = 0;
  const pending = new Set<Pending>();

  const settle = async (): Promise<void> => {
    // Chains of promises and setImmediate-deferred work end well within this many turns.
    for (let quiet = 0; quiet < 20; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (busy()) quiet = 0;
    }
  };
  const nextBefore = (limit: number): Pending | undefined => {
    let next: Pending | undefined;
    for (const timer of pending) {
      if (timer.at > limit) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  };

  return {
    now: () => nowMs,
    wall: () => new Date(nowMs),
    after(delayMs: number, run: () => void): Timer {
      const timer: Pending = { at: nowMs + Math.max(0, delayMs), order: order++, run };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    async advance(ms: number) {
      const end = nowMs + ms;
      await settle();
      for (let timer = nextBefore(end); timer !== undefined; timer = nextBefore(end)) {
        pending.delete(timer);
        nowMs = Math.max(nowMs, timer.at);
        timer.run();
        await settle();
      }
      nowMs = end;
    },
    settle,
    get pendingTimers() {
      return pending.size;
    },
  };
}
