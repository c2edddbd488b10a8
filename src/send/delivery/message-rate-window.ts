/** Messages a second over the last minute (Exchange: IncomingRate, OutgoingRate). */

const slots = 60;
const slotMs = 1000;

export interface RateWindow {
  /** Counts one. Cost: no allocation. */
  add(now: number): void;
  /** Average over the last minute. */
  perSecond(now: number): number;
}

export function createRateWindow(): RateWindow {
  // Made with the first: of ten thousand queues most wait.
  let counts: Uint32Array | undefined;
  let newest = 0;
  /** Empties the slots that passed since the last call. */
  const advance = (window: Uint32Array, now: number): number => {
    const current = Math.floor(now / slotMs);
    if (current - newest >= slots) window.fill(0);
    else for (let slot = newest + 1; slot <= current; slot++) window[slot % slots] = 0;
    if (current > newest) newest = current;
    return newest % slots;
  };
  return {
    add(now) {
      counts ??= new Uint32Array(slots);
      const slot = advance(counts, now);
      counts[slot] = (counts[slot] ?? 0) + 1;
    },
    perSecond(now) {
      if (counts === undefined) return 0;
      advance(counts, now);
      let total = 0;
      for (const count of counts) total += count;
      return total / slots;
    },
  };
}
