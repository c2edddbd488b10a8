const minuteSeconds = 60;

/** Events of the last 60 seconds, a counter a second. The instant is a parameter, in whole seconds. */
export class SlidingMinute {
  readonly #counts = new Uint32Array(minuteSeconds);
  #second: number;
  #total = 0;

  constructor(second: number) {
    this.#second = second;
  }

  totalAt(second: number): number {
    const passed = second - this.#second;
    if (passed >= minuteSeconds) {
      this.#counts.fill(0);
      this.#total = 0;
    } else {
      for (let i = 1; i <= passed; i++) {
        const slot = (this.#second + i) % minuteSeconds;
        this.#total -= this.#counts[slot] ?? 0;
        this.#counts[slot] = 0;
      }
    }
    if (passed > 0) this.#second = second;
    return this.#total;
  }

  /** Only behind `totalAt` with the same second. */
  add(): void {
    const slot = this.#second % minuteSeconds;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#total++;
  }
}
