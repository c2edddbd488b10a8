/**
 * How old mail is that waits from an earlier run: a relay that was off for long, or starts under a clock that is wrong, must not
 * take its whole queue for expired.
 */
import type { MessageId } from "../message/envelope.ts";

/** A time between two runs that does not count to the age of what waited then. */
export interface TimeOff {
  /** Of what was accepted up to this id. */
  readonly upTo: MessageId;
  /** Below zero: the clock of the later run is behind that of the earlier one. */
  readonly byMs: number;
}

/** What is known of runs before this one. */
export interface EarlierRuns {
  /** The last id that one of them drew, or 0. */
  readonly lastId: MessageId;
  /** `Clock.now()` when this run began. */
  readonly openedAt: number;
  readonly timesOff: readonly TimeOff[];
}

/** A night, a zone that is set wrong, a slow repair count; twice as much is what mail has by default before it is given up. */
export const longestCountedMs = 86_400_000;
/** More clocks than these have not been wrong while one message waited. */
const mostTimesOff = 100;

/**
 * What does not count between a run that lived at `aliveAt` by its own clock and one that begins at `openedAt` by its own.
 * Which of both clocks was wrong, or whether the relay was off for so long, need not be known.
 */
export function timeOffBetween(aliveAt: number, openedAt: number): number {
  const offMs = openedAt - aliveAt;
  return Math.abs(offMs) > longestCountedMs ? offMs : 0;
}

/**
 * Of the times off that are known, those that concern a message still kept, and the one before this run. `firstId`, `lastId`: of
 * what is kept.
 */
export function timesOffAtStart(
  known: readonly TimeOff[],
  {
    firstId,
    lastId,
    offMs,
  }: { readonly firstId: MessageId; readonly lastId: MessageId; readonly offMs: number },
): readonly TimeOff[] {
  if (lastId === 0) return [];
  const older = known
    .filter(({ upTo }) => upTo >= firstId)
    // Ids of this run begin behind the last one that is kept.
    .map(({ upTo, byMs }) => ({ upTo: Math.min(upTo, lastId), byMs }));
  return (offMs === 0 ? older : [...older, { upTo: lastId, byMs: offMs }]).slice(-mostTimesOff);
}

/** By how much what came under this id is younger than its times say. */
export function timeOffOf(id: MessageId, { lastId, timesOff }: EarlierRuns): number {
  if (id > lastId) return 0;
  let offMs = 0;
  for (const { upTo, byMs } of timesOff) if (id <= upTo) offMs += byMs;
  return offMs;
}

/** When a message arrived, by the clock of this run; what would be later than its beginning arrived then. */
export function arrivalByNow(id: MessageId, arrivedAt: number, earlier: EarlierRuns): number {
  if (id > earlier.lastId) return arrivedAt;
  return Math.min(arrivedAt + timeOffOf(id, earlier), earlier.openedAt);
}

/** `4 days`, `40 hours`: for a sentence. */
export function timeOffText(offMs: number): string {
  const hours = Math.round(Math.abs(offMs) / 3_600_000);
  if (hours < 72) return `${hours} hours`;
  const days = Math.round(hours / 24);
  return days < 730 ? `${days} days` : `${Math.round(days / 365)} years`;
}
