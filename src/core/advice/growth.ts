/** How use grows from week to week. */
const dayMs = 86_400_000;
const leastWeeks = 3;
/** Less is no growth but chance. */
const leastPart = 0.05;
const mostPart = 0.25;
/** Weeks that advice holds for. */
export const weeksAhead = 4;

/**
 * The part by which the highest of a week exceeds that of the week before, by a line through the weeks; 0 where there are
 * fewer than three, or it does not grow. 0.25 at most: a longer look ahead is none.
 */
export function growthPerWeek(
  days: readonly { readonly day: number; readonly value: number }[],
  lastMs: number,
): number {
  const weeks = new Map<number, number>();
  for (const { day, value } of days) {
    const back = Math.floor(Math.max(0, lastMs - day) / (7 * dayMs));
    weeks.set(back, Math.max(weeks.get(back) ?? 0, value));
  }
  if (weeks.size < leastWeeks) return 0;
  const points = Array.from(weeks, ([back, value]) => [-back, value] as const);
  const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;
  const [x, y] = [mean(points.map(([week]) => week)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [week]) => sum + (week - x) ** 2, 0);
  const slope = points.reduce((sum, [week, value]) => sum + (week - x) * (value - y), 0) / spread;
  // By what the last week came to on the line.
  const now = y - x * slope;
  const part = now <= 0 ? 0 : slope / now;
  return part < leastPart ? 0 : Math.min(mostPart, part);
}

/** What a need comes to by then. */
export function grown(need: number, part: number): number {
  return need * (1 + part * weeksAhead);
}
