/** A running relay as it is looked at: metrics, health, the last minutes, and the listeners that serve them. */
import type { EventLog } from "../events/event-log.ts";
import { loadedOnce } from "../ports/loaded-once.ts";
import type { Clock } from "../ports/ports.ts";
import { createEventCounts } from "./event-counts.ts";
import { watchEventLoopLag } from "./event-loop-lag.ts";
import type { Exposition } from "./exposition.ts";
import { createMonitoring, type Monitoring } from "./monitoring.ts";
import { createOverview, type Overview } from "./overview.ts";
import { createReadinessCheck, type Readiness, type Watched } from "./readiness.ts";
import type { Live } from "./readings.ts";

/** The relay, as far as it is looked at. Asked at each look. */
export interface ObservedRelay extends Omit<Live, "events" | "now">, Omit<Watched, "configurationRejected"> {
  /** Open sessions. */
  readonly sessions: number;
}

export interface Observation {
  /** For Prometheus. Loads its library when it is first asked for. */
  exposition(): Promise<Exposition>;
  readiness(): Promise<Readiness>;
  liveness(): { readonly live: true; readonly eventLoopLagMs: number };
  readonly overview: Overview;
  readonly monitoring: Monitoring;
  start(): void;
  stop(): Promise<void>;
}

export function createObservation(options: {
  readonly relay: ObservedRelay;
  readonly spoolDirectory: string;
  readonly events: EventLog;
  readonly clock: Clock;
}): Observation {
  const { relay, spoolDirectory, events, clock } = options;
  const eventCounts = createEventCounts(clock.wall());
  events.subscribe((record) => eventCounts.heard(record));

  const eventLoopLag = watchEventLoopLag();
  const overview = createOverview({
    clock,
    metrics: relay.metrics,
    connections: () => relay.sessions,
    queued: () => relay.queued,
    eventLoopLagP99Ms() {
      const lagMs = eventLoopLag.takeP99Ms();
      relay.metrics.lagged(lagMs);
      return lagMs;
    },
  });

  const readinessCheck = createReadinessCheck(spoolDirectory, clock);
  const readiness = (): Promise<Readiness> =>
    readinessCheck.look({
      state: relay.state,
      listeners: relay.listeners,
      failedListeners: relay.failedListeners,
      suspended: relay.suspended,
      node: relay.node,
      queued: relay.queued,
      spoolFault: relay.spoolFault,
      pressure: relay.pressure,
      configurationRejected: eventCounts.configurationRejected,
    });
  const liveness = () => ({
    live: true as const,
    eventLoopLagMs: overview.points().at(-1)?.eventLoopLagP99Ms ?? 0,
  });

  // What is read at each scrape is the relay's own; its getters stay getters.
  const live: Live = Object.create(relay, {
    events: { value: eventCounts },
    now: { get: () => clock.now() },
  }) as Live;
  const exposition = loadedOnce<Exposition>(() =>
    import("./exposition.ts").then(({ createExposition }) => createExposition(live)),
  );

  const monitoring = createMonitoring({ monitored: { exposition, readiness, liveness }, events, clock });
  return {
    exposition,
    readiness,
    liveness,
    overview,
    monitoring,
    start: () => overview.start(),
    async stop() {
      overview.stop();
      eventLoopLag.stop();
      await monitoring.close();
    },
  };
}
