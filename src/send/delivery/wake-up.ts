import type { Clock, Timer } from "../../ports/ports.ts";

/** One timer for the earliest of any number of times. */
export interface WakeUp {
  /** Makes sure `run` is called at `at` or before. Cost: a comparison when an earlier time is set already. */
  at(at: number): void;
  cancel(): void;
}

export function createWakeUp(clock: Clock, run: () => void): WakeUp {
  let timer: Timer | undefined;
  let setFor = Number.POSITIVE_INFINITY;

  return {
    at(at) {
      if (at >= setFor) return;
      timer?.cancel();
      setFor = at;
      timer = clock.after(Math.max(0, at - clock.now()), () => {
        timer = undefined;
        setFor = Number.POSITIVE_INFINITY;
        run();
      });
    },
    cancel() {
      timer?.cancel();
      timer = undefined;
      setFor = Number.POSITIVE_INFINITY;
    },
  };
}
