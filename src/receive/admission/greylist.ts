/** First tries that were put off because a captured recipient asked for it (`greylist-30s@…`). */
import { LRUCache } from "lru-cache";
import type { Clock } from "../../ports/ports.ts";

export interface Greylist {
  /** True while the first try of this source, sender and recipient is not so long ago. Cost: a look-up. */
  putsOff(source: string, sender: string, recipient: string, delayMs: number): boolean;
}

const mostTries = 10_000;

export function createGreylist(clock: Pick<Clock, "now">): Greylist {
  const firstTries = new LRUCache<string, number>({ max: mostTries });
  return {
    putsOff(source, sender, recipient, delayMs) {
      const key = JSON.stringify([source, sender, recipient]);
      const first = firstTries.get(key);
      if (first !== undefined) return clock.now() - first < delayMs;
      firstTries.set(key, clock.now());
      return true;
    },
  };
}
