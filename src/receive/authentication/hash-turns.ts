/**
 * Whose password is checked next. A check takes 100 ms of a thread that the disk needs, too, so few run at once, and a
 * flood of wrong passwords must not make others wait: sources take turns, and those with a good log-on of the last day
 * go first in every second turn. Where too many wait, the newest of them is told to come again.
 */
import { LRUCache } from "lru-cache";

export interface HashTurns {
  /** Runs `check` when it is its turn. Rejects where too many wait. */
  run<Value>(source: string, check: () => Promise<Value>): Promise<Value>;
  /** A good log-on came from there. */
  proved(source: string): void;
  readonly waiting: number;
}

export const mostAtOnce = 2;
export const mostOfASource = 20;
const mostWaiting = 2_000;
const provedForMs = 24 * 3_600_000;

type Start = () => void;

export function createHashTurns(atOnce = mostAtOnce): HashTurns {
  const proved = new LRUCache<string, true>({ max: 10_000, ttl: provedForMs });
  /** Sources in the order of their turns, each with those that wait. */
  const known = new Map<string, Start[]>();
  const strangers = new Map<string, Start[]>();
  let running = 0;
  let waiting = 0;
  let wasKnown = false;

  const nextOf = (sources: Map<string, Start[]>): Start | undefined => {
    for (const [source, starts] of sources) {
      const start = starts.shift();
      // It goes behind the others.
      sources.delete(source);
      if (starts.length > 0) sources.set(source, starts);
      if (start !== undefined) return start;
    }
    return undefined;
  };
  const next = (): void => {
    wasKnown = !wasKnown;
    const start = wasKnown ? (nextOf(known) ?? nextOf(strangers)) : (nextOf(strangers) ?? nextOf(known));
    if (start === undefined) running -= 1;
    else {
      waiting -= 1;
      start();
    }
  };

  return {
    get waiting() {
      return waiting;
    },
    proved: (source) => void proved.set(source, true),
    async run(source, check) {
      if (running >= atOnce) {
        const sources = proved.has(source) ? known : strangers;
        const starts = sources.get(source) ?? [];
        if (starts.length >= mostOfASource || (waiting >= mostWaiting && sources === strangers))
          throw new Error("too many log-ons wait for their check");
        sources.set(source, starts);
        waiting += 1;
        await new Promise<void>((resolve) => starts.push(resolve));
      } else running += 1;
      try {
        return await check();
      } finally {
        next();
      }
    },
  };
}
