/** Lines on their way to whoever is slow: gathered, bounded, never waited for. */

export interface Gathered<Item> {
  /** Takes one. `chars`: what it counts for. Cost: a push. */
  add(item: Item, chars: number): void;
  /** Hands over what waits; resolves when it was taken, or could not be. */
  flush(): Promise<void>;
}

/** In a flood lines are gathered for so long, lest each few of them cost a write. */
const gatherMs = 20;
/** What waits for a slow reader; beyond it lines are dropped and counted. Characters. */
const mostChars = 1024 * 1024;

/**
 * The first is handed over at the end of the turn of the event loop, what follows soon in few writes. `take` gets what has
 * gathered, with how many were dropped since, and calls `done` when it has it, or has given it up.
 */
export function createGathered<Item>(
  take: (items: readonly Item[], dropped: number, done: () => void) => void,
): Gathered<Item> {
  let waiting: Item[] = [];
  let chars = 0;
  let dropped = 0;
  let scheduled = false;
  let taking = false;
  let gathering: NodeJS.Timeout | undefined;
  let flushed: (() => void)[] = [];

  const handOver = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
    scheduled = false;
    if (taking) return;
    if (waiting.length === 0) {
      for (const resolve of flushed) resolve();
      flushed = [];
      return;
    }
    const [items, lost] = [waiting, dropped];
    waiting = [];
    chars = 0;
    dropped = 0;
    taking = true;
    take(items, lost, () => {
      taking = false;
      if (flushed.length > 0) handOver();
      else gathering = setTimeout(handOver, gatherMs);
    });
  };

  return {
    add(item, itemChars) {
      if (chars > mostChars) {
        dropped++;
        return;
      }
      waiting.push(item);
      chars += itemChars;
      if (scheduled || taking || gathering !== undefined) return;
      scheduled = true;
      setImmediate(handOver);
    },
    flush: () =>
      new Promise((resolve) => {
        flushed.push(resolve);
        handOver();
      }),
  };
}
