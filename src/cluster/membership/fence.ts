/**
 * Until when this node may take what it holds for its own: a part of the lease from the sending of the last heartbeat that
 * went through, for the database counts from when it arrived. Of the two clocks the one that says more has passed counts: a
 * machine that was suspended may not have moved the monotonic one.
 */
export interface Fence {
  /** A heartbeat is about to be sent. The result is called when it went through. */
  sending(): () => void;
  readonly isSafe: boolean;
  /** Of a heartbeat that goes through at once; milliseconds. */
  readonly safeMs: number;
  /** The incarnation has ended. */
  drop(): void;
}

/** Others take over at the whole lease. */
const safePart = 0.8;

export interface TwoClocks {
  /** Milliseconds. */
  monotonic(): number;
  wall(): number;
}

const systemClocks: TwoClocks = { monotonic: () => performance.now(), wall: () => Date.now() };

export function createFence(leaseMs: number, clocks: TwoClocks = systemClocks): Fence {
  const safeMs = leaseMs * safePart;
  let monotonic = Number.NEGATIVE_INFINITY;
  let wall = Number.NEGATIVE_INFINITY;
  return {
    sending() {
      const sent = { monotonic: clocks.monotonic(), wall: clocks.wall() };
      return () => {
        monotonic = sent.monotonic + safeMs;
        wall = sent.wall + safeMs;
      };
    },
    safeMs,
    get isSafe() {
      return clocks.monotonic() < monotonic && clocks.wall() < wall;
    },
    drop() {
      monotonic = Number.NEGATIVE_INFINITY;
    },
  };
}
