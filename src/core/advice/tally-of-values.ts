/** How often each value was seen: whole numbers, exactly. */
export class TallyOfValues {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(value: number, times = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + times);
    this.#total += times;
  }

  /** The least value that so much of them does not exceed; 0 where there are none. `part`: 0 to 1. */
  quantile(part: number): number {
    let seen = 0;
    const wanted = part * this.#total;
    const sorted = [...this.#counts].sort(([a], [b]) => a - b);
    for (const [value, times] of sorted) {
      seen += times;
      if (seen >= wanted) return value;
    }
    return sorted.at(-1)?.[0] ?? 0;
  }
}
