/** Ten times the usual: a sender that hands in far more than it ever did, as loops and runaway jobs do. */
import type { VolumeRow } from "./volume.ts";

export interface Excess {
  readonly per: "hour" | "day";
  /** Messages so far. */
  readonly messages: number;
  readonly usual: number;
  /** It was set, not learned. */
  readonly isSet: boolean;
}

const times = 10;
/** Ten times little is little. */
const leastMessages = 100;
const leastDays = 7;
const leastActiveDays = 4;
const lookedBackDays = 28;

/**
 * `days` with mail, the oldest first, today's included; `sinceDay`: what is known of it begins then. `hourMessages`: of the
 * present hour or the one before, whichever had more. Undefined: it is as usual, or not enough is known.
 */
export function excessOf(
  days: readonly Pick<VolumeRow, "bucket" | "messages" | "highestHour">[],
  now: { readonly day: number; readonly sinceDay: number; readonly hourMessages: number },
  expectedPerDay?: number,
): Excess | undefined {
  const today = days.find(({ bucket }) => bucket === now.day)?.messages ?? 0;
  if (expectedPerDay !== undefined)
    return today >= times * expectedPerDay && today >= times
      ? { per: "day", messages: today, usual: expectedPerDay, isSet: true }
      : undefined;
  if (now.day - now.sinceDay < leastDays) return undefined;
  const before = days.filter(
    ({ bucket, messages }) => bucket < now.day && bucket >= now.day - lookedBackDays && messages > 0,
  );
  if (before.length < leastActiveDays) return undefined;
  const exceeds = (count: number, known: readonly number[]): boolean =>
    count >= leastMessages && count >= times * medianOf(known) && count >= 2 * Math.max(...known);
  const ofHours = before.map(({ highestHour }) => highestHour);
  if (exceeds(now.hourMessages, ofHours))
    return { per: "hour", messages: now.hourMessages, usual: medianOf(ofHours), isSet: false };
  const ofDays = before.map(({ messages }) => messages);
  return exceeds(today, ofDays)
    ? { per: "day", messages: today, usual: medianOf(ofDays), isSet: false }
    : undefined;
}

/** Messages of a usual day, of those with mail; undefined: not enough is known. */
export function usualDay(
  days: readonly Pick<VolumeRow, "bucket" | "messages">[],
  day: number,
): number | undefined {
  const before = days.filter(
    ({ bucket, messages }) => bucket < day && bucket >= day - lookedBackDays && messages > 0,
  );
  return before.length < leastActiveDays ? undefined : medianOf(before.map(({ messages }) => messages));
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}
