/**
 * When memory that nobody uses is given back. V8 keeps what a busy time needed (its young generation, pages of the old one with
 * a few objects left, buffers of mail long delivered) until a collection at rest finds it, and starts none while a little goes on.
 */

export interface MemoryReading {
  /** Steady time, milliseconds. */
  readonly at: number;
  /** Part of the time since the last reading for which the event loop had work: 0 to 1. */
  readonly utilization: number;
  readonly residentBytes: number;
}

export interface MemoryAtRest {
  /** Since when the event loop has had little to do. */
  readonly quietSince: number | undefined;
  readonly collectedAt: number;
  /** From then until the next at the least. */
  readonly pauseMs: number;
  /** The least since then: what is in use, at most. */
  readonly leastBytes: number;
  /** A collection is due now: it is taken as made. */
  readonly isDue: boolean;
}

const mebibyte = 2 ** 20;
export const restPollMs = 2_000;
/** A collection holds up everything for some tenths of a second: not while there is work for half of the time. */
const quietUtilization = 0.5;
const quietMs = 4_000;
const worthBytes = 48 * mebibyte;
/**
 * What is needed again and again is kept: a pause is twice as long as the one before when memory has come back soon behind it. Behind a
 * collection V8 compiles the relay's code anew, some 0.4 s of CPU in the next few thousand messages (docs/decisions/0015).
 */
const leastPauseMs = 2 * 60_000;
const mostPauseMs = 64 * 60_000;

export const neverCollected: MemoryAtRest = {
  quietSince: undefined,
  collectedAt: -Infinity,
  pauseMs: leastPauseMs,
  leastBytes: Infinity,
  isDue: false,
};

export function restAgain(
  before: MemoryAtRest,
  { at, utilization, residentBytes }: MemoryReading,
): MemoryAtRest {
  const quietSince = utilization > quietUtilization ? undefined : (before.quietSince ?? at);
  const leastBytes = Math.min(before.leastBytes, residentBytes);
  const sinceMs = at - before.collectedAt;
  const isDue =
    quietSince !== undefined &&
    at - quietSince >= quietMs &&
    sinceMs >= before.pauseMs &&
    residentBytes - leastBytes >= worthBytes;
  // The next reading tells what is left.
  if (isDue)
    return {
      quietSince,
      collectedAt: at,
      pauseMs: pauseBehind(before, sinceMs),
      leastBytes: Infinity,
      isDue,
    };
  return { ...before, quietSince, leastBytes, isDue };
}

function pauseBehind({ pauseMs }: MemoryAtRest, sinceMs: number): number {
  return sinceMs < 2 * pauseMs ? Math.min(2 * pauseMs, mostPauseMs) : leastPauseMs;
}
