/** The middle one; the higher of two middles. NaN of none. */
export const median = (numbers: readonly number[]): number => quantilesOf(numbers)(0.5);

/** Tells the number that this part (0–1) of them does not exceed. NaN of none. */
export function quantilesOf(numbers: readonly number[]): (part: number) => number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}
