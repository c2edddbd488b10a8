/** Messages a second over the last minute (Exchange: IncomingRate, OutgoingRate). */

const slots = 60;
const slotMs = 1000;

/** Of ten thousand queues most wait: one that nothing was counted in for a minute costs two fields. */
export class RateWindow {
  #counts: Uint32Array | undefined;
  #newest = 0;

  /** Counts one. Cost: no allocation, but with the first of a minute. */
  add(now: number): void {
    this.#counts ??= new Uint32Array(slots);
    const slot = this.#advance(this.#counts, now);
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  /** Average over the last minute. */
  perSecond(now: number): number {
    if (this.#counts === undefined) return 0;
    if (Math.floor(now / slotMs) - this.#newest >= slots) {
      this.#counts = undefined;
      return 0;
    }
    this.#advance(this.#counts, now);
    let total = 0;
    for (const count of this.#counts) total += count;
    return total / slots;
  }

  /** Empties the slots that passed since the last call. */
  #advance(window: Uint32Array, now: number): number {
    const current = Math.floor(now / slotMs);
    if (current - this.#newest >= slots) window.fill(0);
    else for (let slot = this.#newest + 1; slot <= current; slot++) window[slot % slots] = 0;
    if (current > this.#newest) this.#newest = current;
    return this.#newest % slots;
  }
}
