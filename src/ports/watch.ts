/** Looks at settings when they come, and again after a while: what ends one day, or may change outside. */
import type { Clock, Timer } from "./ports.ts";

export interface Watch<T> {
  /** Looks at these at once, and from now on at no others. */
  watch(of: T): void;
  /** For good. */
  stop(): void;
  readonly stopped: boolean;
}

/** Timers reach no further, and a wall clock that is set is noticed within a day. */
const farthestMs = 86_400_000;

/** `look` says in how many milliseconds it is to look again, a day at most; undefined: not until others come. */
export function createWatch<T>(clock: Clock, look: (of: T, nowMs: number) => number | undefined): Watch<T> {
  let timer: Timer | undefined;
  let stopped = false;

  const turn = (of: T): void => {
    const againMs = look(of, clock.wall().getTime());
    timer = againMs === undefined ? undefined : clock.after(Math.min(againMs, farthestMs), () => turn(of));
  };

  return {
    watch(of) {
      if (stopped) return;
      timer?.cancel();
      turn(of);
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
    get stopped() {
      return stopped;
    },
  };
}
