/** Work that is done one piece at a time, in the order in which it was asked for; only so much of it may wait. */
import { QueueFull } from "../core/what-if/queue-full.ts";

export interface PlaceInLine {
  /** Aborts: it is not wanted any more, and waits no longer. */
  readonly signal?: AbortSignal;
  /** Hears how many pieces of work come before this one, whenever that changes; 0: it is its turn. */
  readonly onAhead?: (ahead: number) => void;
  /** It goes on with what was done just now: it comes before all that wait, and is never refused. */
  readonly isNext?: boolean;
}

export interface WaitingLine {
  /** Rejects with QueueFull, with the signal's reason, or as `work` does. */
  take<Result>(work: () => Promise<Result>, place?: PlaceInLine): Promise<Result>;
  /** Nothing is under way. */
  idle(): Promise<void>;
}

interface Waiting extends PlaceInLine {
  told: number;
  readonly begin: () => void;
}

export function createWaitingLine(mostWaiting: number): WaitingLine {
  const waiting: Waiting[] = [];
  let running: Promise<unknown> | undefined;

  const tellAll = (): void => {
    const busy = running === undefined ? 0 : 1;
    for (const [at, one] of waiting.entries()) tell(one, at + busy);
  };
  const goOn = (): void => {
    running = undefined;
    const one = waiting.shift();
    one?.begin();
    tellAll();
  };

  return {
    take(work, place = {}) {
      const { signal, isNext = false } = place;
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          const at = waiting.indexOf(mine);
          if (at === -1) return;
          waiting.splice(at, 1);
          reject(reasonOf(signal));
          tellAll();
        };
        const begin = (): void => {
          signal?.removeEventListener("abort", leave);
          tell(mine, 0);
          const done = work();
          running = done.then(goOn, goOn);
          done.then(resolve, reject);
        };
        const mine: Waiting = { ...place, told: 0, begin };
        if (signal?.aborted === true) return reject(reasonOf(signal));
        if (running === undefined) return begin();
        if (!isNext && waiting.length >= mostWaiting) return reject(new QueueFull(waiting.length + 1));
        if (isNext) waiting.unshift(mine);
        else waiting.push(mine);
        signal?.addEventListener("abort", leave);
        tellAll();
      });
    },
    async idle() {
      while (running !== undefined) await running;
    },
  };
}

function tell(one: Waiting, ahead: number): void {
  if (one.told === ahead) return;
  one.told = ahead;
  one.onAhead?.(ahead);
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("it is not wanted any more");
}
