/** A histogram of plain numbers: counts by upper bound, sum and count. */
export interface Buckets {
  /** Upper bounds, inclusive, ascending; what is above them all is only in `count`. */
  readonly bounds: readonly number[];
  /** As many as bounds, not cumulative. */
  readonly counts: Float64Array;
  readonly sum: number;
  readonly count: number;
  /** Cost: a comparison for each bound up to its own. */
  observe(value: number): void;
}

export function createBuckets(bounds: readonly number[]): Buckets {
  const counts = new Float64Array(bounds.length);
  let sum = 0;
  let count = 0;
  return {
    bounds,
    counts,
    get sum() {
      return sum;
    },
    get count() {
      return count;
    },
    observe(value) {
      sum += value;
      count++;
      for (let at = 0; at < bounds.length; at++) {
        if (value > (bounds[at] ?? Infinity)) continue;
        counts[at] = (counts[at] ?? 0) + 1;
        return;
      }
    },
  };
}

/** The value below which `share` (0 to 1) of them lie, by nearest rank; 0 without any. Sorts in place. */
export function quantile(values: Float64Array, share: number): number {
  if (values.length === 0) return 0;
  values.sort();
  return values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
}
