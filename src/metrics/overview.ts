/** The last ten minutes of the relay, a point each second: what the console plots. */
import type { Clock, Timer } from "../ports/ports.ts";
import { quantile } from "./buckets.ts";
import type { Metrics } from "./metrics.ts";

export interface OverviewPoint {
  /** `Clock.now()`. */
  readonly at: number;
  /** Open now. */
  readonly connections: number;
  /** These count the second that ends at `at`. */
  readonly received: number;
  readonly delivered: number;
  readonly receivedBytes: number;
  readonly refused: number;
  /** Messages in the spool now. */
  readonly queued: number;
  /** 0 where no message came in. */
  readonly timeTo250P50Ms: number;
  readonly timeTo250P99Ms: number;
  readonly eventLoopLagP99Ms: number;
}

export interface Overview {
  start(): void;
  stop(): void;
  /** Oldest first, at most 600. */
  points(): readonly OverviewPoint[];
  /** Hears each point from now on. Returns what ends it. */
  follow(listener: (point: OverviewPoint) => void): () => void;
}

const secondsKept = 600;

/** Cost: once a second, what sorting that second's times to 250 costs (2,048 at most). */
export function createOverview(options: {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly connections: () => number;
  readonly queued: () => number;
  /** Since it was last asked. */
  readonly eventLoopLagP99Ms: () => number;
}): Overview {
  const { clock, metrics, connections, queued, eventLoopLagP99Ms } = options;
  const points: OverviewPoint[] = [];
  const listeners = new Set<(point: OverviewPoint) => void>();
  let timer: Timer | undefined;
  let before = { received: 0, delivered: 0, receivedBytes: 0, refused: 0 };

  const take = (): void => {
    const { received, delivered, receivedBytes, refused } = metrics.totals;
    const times = metrics.takeTimesTo250();
    const point: OverviewPoint = {
      at: clock.now(),
      connections: connections(),
      received: received - before.received,
      delivered: delivered - before.delivered,
      receivedBytes: receivedBytes - before.receivedBytes,
      refused: refused - before.refused,
      queued: queued(),
      timeTo250P50Ms: quantile(times, 0.5),
      timeTo250P99Ms: quantile(times, 0.99),
      eventLoopLagP99Ms: eventLoopLagP99Ms(),
    };
    before = { received, delivered, receivedBytes, refused };
    points.push(point);
    if (points.length > secondsKept) points.shift();
    for (const listener of listeners) listener(point);
  };

  const tick = (): void => {
    take();
    timer = clock.after(1000, tick);
  };

  return {
    start: () => void (timer ??= clock.after(1000, tick)),
    stop() {
      timer?.cancel();
      timer = undefined;
    },
    points: () => points,
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
