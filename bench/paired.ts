/**
 * What a comparison in turns shows. Judged is the interval in which the median lies with 95 %, by order statistics (the sign
 * test), so nothing is supposed of how readings spread: a machine with other work spreads them far, and to one side.
 */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type Shown = "met" | "missed" | "not shown";

/** Of fewer readings no interval of theirs holds the median with 95 %. */
export const leastTurns = 6;

/** Infinite at both ends of too few. */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  // The chance that at most so many of the readings lie on one side of the median.
  let within = 0;
  let chance = 0.5 ** count;
  let outside = -1;
  for (let below = 0; below < count / 2; below++) {
    within += chance;
    if (within > 0.025) break;
    outside = below;
    chance *= (count - below) / (below + 1);
  }
  return { low: sorted[outside] ?? -Infinity, high: sorted[count - 1 - outside] ?? Infinity };
}

/** Whether the median is `most` or less: "not shown" where the interval has both sides. */
export function isAtMost({ low, high }: Interval, most: number): Shown {
  if (high <= most) return "met";
  return low > most ? "missed" : "not shown";
}
