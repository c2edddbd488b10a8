/**
 * Recipients of any 24 hours, counted by quarters of an hour. A quarter counts as a whole until its last moment is a day
 * old, so what is counted is never less than what a provider counts.
 */
export const quarterMs = 15 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** By the start of the quarter, `Clock.now()` milliseconds. */
export type RecipientsDay = Map<number, number>;

export function quarterOf(now: number): number {
  return now - (now % quarterMs);
}

/** When a quarter counts no more. */
function endOf(quarter: number): number {
  return quarter + quarterMs + dayMs;
}

/** `change` below zero takes back. */
export function countIn(day: RecipientsDay, quarter: number, change: number): void {
  const count = (day.get(quarter) ?? 0) + change;
  if (count > 0) day.set(quarter, count);
  else day.delete(quarter);
}

/** Recipients of the last 24 hours; forgets older ones. Cost: one pass over at most 97 numbers. */
export function usedIn(day: RecipientsDay, now: number): number {
  let used = 0;
  for (const [quarter, count] of day) {
    if (endOf(quarter) <= now) day.delete(quarter);
    else used += count;
  }
  return used;
}

/**
 * When so many more may be sent; `now` when they may be at once. More than the limit at once go when nothing is counted
 * at all, since they could go at no other time.
 */
export function dayAllowsAt(day: RecipientsDay, recipients: number, limit: number, now: number): number {
  const room = Math.max(0, limit - recipients);
  let over = usedIn(day, now) - room;
  if (over <= 0) return now;
  for (const quarter of [...day.keys()].sort((a, b) => a - b)) {
    over -= day.get(quarter) ?? 0;
    if (over <= 0) return endOf(quarter);
  }
  return now;
}

/** When the first of what is counted is free again. */
export function freesNextAt(day: RecipientsDay, now: number): number | undefined {
  return usedIn(day, now) === 0 ? undefined : endOf(Math.min(...day.keys()));
}

/**
 * When the limit is reached if it goes on as in the last hour; undefined: not before the first of what is counted are free
 * again, or it is reached already.
 */
export function usedUpAt(day: RecipientsDay, limit: number, now: number): number | undefined {
  const used = usedIn(day, now);
  const quarter = quarterOf(now);
  const since = quarter - 3 * quarterMs;
  let lately = 0;
  for (const [start, count] of day) if (start >= since) lately += count;
  if (lately === 0 || used >= limit) return undefined;
  const at = now + ((limit - used) * (now - since)) / lately;
  return at < (freesNextAt(day, now) ?? Infinity) ? at : undefined;
}

/** A clock that was ahead left counts in times to come: they count from now. */
export function withoutFuture(day: RecipientsDay, now: number): RecipientsDay {
  const latest = quarterOf(now);
  const known: RecipientsDay = new Map();
  for (const [quarter, count] of day) countIn(known, Math.min(quarter, latest), count);
  return known;
}
