/** A series over the last day in slots of equal length: for each the highest value, or a sum. Fixed memory. */

const hourMs = 60 * 60_000;

/** Copied for small rings: the quickest way to a new array. */
const zeros: readonly number[] = Array.from({ length: 1_000 }, () => 0);

export class UsageRing {
  readonly #slots: Uint32Array | number[];
  readonly #slotMs: number;
  /** Slots since the epoch of the clock. */
  #current: number;
  /** What a slot begins with: a value that lasts, as open connections do. */
  #level = 0;

  /** `slotMs` divides an hour. `nowMs`, here and below, comes from a clock that does not go back. */
  constructor(slotMs: number, nowMs: number) {
    this.#slotMs = slotMs;
    const count = (24 * hourMs) / slotMs;
    // A small typed array costs microseconds to make, and a flood of new sources makes many.
    this.#slots = count > zeros.length ? new Uint32Array(count) : zeros.slice(0, count);
    this.#current = Math.floor(nowMs / slotMs);
  }

  /** The value is `level` from now on. */
  hold(nowMs: number, level: number): void {
    this.raise(nowMs, level);
    this.#level = level;
  }

  /** The value was this high for a moment. */
  raise(nowMs: number, value: number): void {
    const slot = this.#goTo(nowMs);
    if (value > this.#slots[slot]!) this.#slots[slot] = value;
  }

  add(nowMs: number, count: number): void {
    const slot = this.#goTo(nowMs);
    this.#slots[slot] = this.#slots[slot]! + count;
  }

  highestLastHour(nowMs: number): number {
    return this.#highest(nowMs, this.#hourSlots);
  }

  highestLastDay(nowMs: number): number {
    return this.#highest(nowMs, this.#slots.length);
  }

  sumLastHour(nowMs: number): number {
    return this.#sum(nowMs, this.#hourSlots);
  }

  sumLastDay(nowMs: number): number {
    return this.#sum(nowMs, this.#slots.length);
  }

  /** The running slot and as many as an hour has: an hour, and up to one slot more. */
  get #hourSlots(): number {
    return hourMs / this.#slotMs + 1;
  }

  #goTo(nowMs: number): number {
    const now = Math.floor(nowMs / this.#slotMs);
    const { length } = this.#slots;
    const passed = Math.min(now - this.#current, length);
    for (let n = passed - 1; n >= 0; n--) this.#slots[(now - n) % length] = this.#level;
    if (passed > 0) this.#current = now;
    return this.#current % length;
  }

  #highest(nowMs: number, slots: number): number {
    let highest = 0;
    let at = this.#goTo(nowMs);
    for (let n = 0; n < slots; n++) {
      highest = Math.max(highest, this.#slots[at]!);
      at = at === 0 ? this.#slots.length - 1 : at - 1;
    }
    return highest;
  }

  #sum(nowMs: number, slots: number): number {
    let sum = 0;
    let at = this.#goTo(nowMs);
    for (let n = 0; n < slots; n++) {
      sum += this.#slots[at]!;
      at = at === 0 ? this.#slots.length - 1 : at - 1;
    }
    return sum;
  }
}
