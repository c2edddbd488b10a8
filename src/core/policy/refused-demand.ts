/**
 * How many connections a source wanted to have open at once. An estimate: a refused connection is counted as if it
 * had come in and left again at a random moment, after the mean duration of the source's connections. Since a client
 * that is refused tries again, and each try would count as a client of its own, none is counted for longer than a
 * minute. So the estimate errs upwards for clients that try again within a minute, and downwards for those whose
 * connections last longer and that do not try again.
 *
 * Clients that stand at the door at the same moment are counted in full, however short the connections before them were:
 * refusals that follow each other at once, within a second and without a connection ending between them, are a burst.
 */
export interface RefusedDemand {
  /** Refused connections that would still be there at `atMs`. */
  readonly count: number;
  /** Milliseconds of a clock that does not go back. */
  readonly atMs: number;
  /** Refused in the burst that goes on at `atMs`, and when it began. */
  readonly burst: number;
  readonly burstSinceMs: number;
}

export const nothingRefused: RefusedDemand = { count: 0, atMs: 0, burst: 0, burstSinceMs: 0 };

const longestMs = 60_000;
/** A client that was refused seldom tries again sooner. */
const burstMs = 1_000;
/** Between two refusals of one burst. */
const burstGapMs = 250;

/** `meanMs` undefined: no connection has ended yet, so they seem to last. Cost: one exponential. */
export function refusedStillThere(demand: RefusedDemand, nowMs: number, meanMs: number | undefined): number {
  const decayed = decayedCount(demand, nowMs, meanMs);
  return nowMs - demand.atMs < burstGapMs ? Math.max(decayed, demand.burst) : decayed;
}

export function oneMoreRefused(
  demand: RefusedDemand,
  nowMs: number,
  meanMs: number | undefined,
): RefusedDemand {
  const goesOn =
    nowMs - demand.atMs < burstGapMs && nowMs - demand.burstSinceMs < burstMs && demand.burst > 0;
  return {
    count: decayedCount(demand, nowMs, meanMs) + 1,
    atMs: nowMs,
    burst: goesOn ? demand.burst + 1 : 1,
    burstSinceMs: goesOn ? demand.burstSinceMs : nowMs,
  };
}

/** A connection ended: its place was free for one of those that come now. */
export function placeFreed(demand: RefusedDemand): RefusedDemand {
  return demand.burst === 0 ? demand : { ...demand, burst: 0 };
}

function decayedCount({ count, atMs }: RefusedDemand, nowMs: number, meanMs: number | undefined): number {
  if (count === 0) return 0;
  const durationMs = Math.min(longestMs, Math.max(1, meanMs ?? longestMs));
  return count * Math.exp(-Math.max(0, nowMs - atMs) / durationMs);
}
