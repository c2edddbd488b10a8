/** How many messages may be taken now, evenly over a minute (Exchange: PickupDirectoryMaxMessagesPerMinute). */

export interface Allowance {
  /** False: none now. */
  take(now: number): boolean;
}

/** At most the share of `burstMs` at once. */
export function createAllowance(perMinute: number, burstMs: number, now: number): Allowance {
  const perMs = perMinute / 60_000;
  const most = Math.max(1, Math.ceil(perMs * burstMs));
  let left = most;
  let since = now;
  return {
    take(at) {
      left = Math.min(most, left + (at - since) * perMs);
      since = at;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
