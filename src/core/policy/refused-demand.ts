/**
 * How many connections a source wanted to have open at once. An estimate: a refused connection is counted as if it
 * had come in and left again at a random moment, after the mean duration of the source's connections. Since a client
 * that is refused tries again, and each try would count as a client of its own, none is counted for longer than a
 * minute. So the estimate errs upwards for clients that try again within a minute, and downwards for those whose
 * connections last longer and that do not try again.
 */
export interface RefusedDemand {
  /** Refused connections that would still be there at `atMs`. */
  readonly count: number;
  /** Milliseconds of a clock that does not go back. */
  readonly atMs: number;
}

export const nothingRefused: RefusedDemand = { count: 0, atMs: 0 };

const longestMs = 60_000;

/** `meanMs` undefined: no connection has ended yet, so they seem to last. Cost: one exponential. */
export function refusedStillThere(
  { count, atMs }: RefusedDemand,
  nowMs: number,
  meanMs: number | undefined,
): number {
  if (count === 0) return 0;
  const durationMs = Math.min(longestMs, Math.max(1, meanMs ?? longestMs));
  return count * Math.exp(-Math.max(0, nowMs - atMs) / durationMs);
}

export function oneMoreRefused(
  demand: RefusedDemand,
  nowMs: number,
  meanMs: number | undefined,
): RefusedDemand {
  return { count: refusedStillThere(demand, nowMs, meanMs) + 1, atMs: nowMs };
}
