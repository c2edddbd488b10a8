/**
 * What time it is for whatever is removed by its age: the clock on the wall, unless it leapt. A clock that is wrong for some
 * hours (NTP, a battery) must not remove what is kept for weeks; one that holds is believed.
 */

export interface BelievedTime {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The clock on the wall leapt. */
  readonly doubt?: Doubt;
}

export interface Doubt {
  /** So far is it ahead of what is believed; negative: behind. */
  readonly aheadMs: number;
  /** For so long has it held, of the time that the relay ran. */
  readonly heldMs: number;
}

const dayMs = 86_400_000;
const yearDays = 365;
/** A weekend at which the relay is off is none. So much at most is removed too early. */
export const leapMs = 3 * dayMs;
export const believedAfterMs = 3 * dayMs;

/**
 * `ranMs`: by the steady clock, since `before`; 0 when the relay was off. A leap counts either way: what was written under a clock
 * in the past must not be too old when it is right again.
 */
export function believedTime(before: BelievedTime, ranMs: number, wallMs: number): BelievedTime {
  const expectedMs = before.atMs + ranMs;
  const aheadMs = wallMs - expectedMs;
  if (Math.abs(aheadMs) <= leapMs) return { atMs: wallMs };
  const { doubt } = before;
  const holds = doubt !== undefined && Math.abs(aheadMs - doubt.aheadMs) <= leapMs;
  const heldMs = holds ? doubt.heldMs + ranMs : 0;
  return heldMs >= believedAfterMs ? { atMs: wallMs } : { atMs: expectedMs, doubt: { aheadMs, heldMs } };
}

/** `40 days ahead of`, `10 years behind`: for a sentence. */
export function leapText({ aheadMs }: Doubt): string {
  const days = Math.round(Math.abs(aheadMs) / dayMs);
  const far = days < 2 * yearDays ? `${days} days` : `${Math.round(days / yearDays)} years`;
  return `${far} ${aheadMs > 0 ? "ahead of" : "behind"}`;
}
