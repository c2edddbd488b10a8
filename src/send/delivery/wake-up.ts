import type { Clock, Timer } from "../../ports/ports.ts";
import type { QueueName } from "../../spool/spool.ts";
import { createDueTimes } from "./due-times.ts";

/** One timer for the earliest of any number of times. */
export interface WakeUp {
  /** Makes sure that a queue, or all there is, is looked at at `at` or before. Cost: logarithmic in the queues that wait. */
  at(at: number, queue?: QueueName): void;
  cancel(): void;
}

/** What a look at everything is called among the queues: no queue is named so. */
const everything = "\0";

/** `look`: at these queues, or at everything. */
export function createWakeUp(
  clock: Clock,
  look: (queues: readonly QueueName[] | "everything") => void,
): WakeUp {
  let due = createDueTimes();
  let timer: Timer | undefined;
  let setFor = Number.POSITIVE_INFINITY;

  const set = (): void => {
    const { first } = due;
    if (first === undefined || first >= setFor) return;
    timer?.cancel();
    setFor = first;
    timer = clock.after(Math.max(0, first - clock.now()), () => {
      timer = undefined;
      setFor = Number.POSITIVE_INFINITY;
      const names = due.take(clock.now());
      if (names.includes(everything)) look("everything");
      else if (names.length > 0) look(names);
      set();
    });
  };

  return {
    at(at, queue = everything) {
      due.add(queue, at);
      set();
    },
    cancel() {
      timer?.cancel();
      timer = undefined;
      setFor = Number.POSITIVE_INFINITY;
      due = createDueTimes();
    },
  };
}
