const minuteSeconds = 60;

/** Events of the last 60 seconds, a counter a second. The instant is a parameter, in whole seconds. */
export class SlidingMinute {
  readonly #counts: Uint32Array;
  #second: number;
  #total: number;

  constructor(second: number, counts = new Uint32Array(minuteSeconds), total = 0) {
    this.#second = second;
    this.#counts = counts;
    this.#total = total;
  }

  totalAt(second: number): number {
    const passed = second - this.#second;
    if (passed <= 0) return this.#total;
    if (this.#total > 0) {
      if (passed >= minuteSeconds) {
        this.#counts.fill(0);
        this.#total = 0;
      } else this.#forget(passed);
    }
    this.#second = second;
    return this.#total;
  }

  /** Seconds until fewer than `limit` are counted; 0: they are now. Only behind `totalAt` with the same second. */
  secondsUntilBelow(limit: number): number {
    let total = this.#total;
    if (total < limit) return 0;
    for (let age = minuteSeconds - 1; age > 0; age--) {
      total -= this.#counts[(this.#second + minuteSeconds - age) % minuteSeconds] ?? 0;
      if (total < limit) return minuteSeconds - age;
    }
    return minuteSeconds;
  }

  /** Only behind `totalAt` with the same second. */
  add(): void {
    const slot = this.#second % minuteSeconds;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#total++;
  }

  /** One that goes its own way from here. */
  copy(): SlidingMinute {
    return new SlidingMinute(this.#second, this.#counts.slice(), this.#total);
  }

  #forget(passed: number): void {
    const counts = this.#counts;
    let slot = this.#second % minuteSeconds;
    for (let i = 0; i < passed; i++) {
      if (++slot === minuteSeconds) slot = 0;
      const count = counts[slot] ?? 0;
      if (count === 0) continue;
      counts[slot] = 0;
      if ((this.#total -= count) === 0) return;
    }
  }
}
