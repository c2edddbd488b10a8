/** The relay put together. Read from top to bottom it is the mail's way: receive, keep, send. No logic here. */
import { join } from "node:path";
import type { Settings } from "./config/settings.ts";
import type { BackPressure } from "./core/policy/back-pressure.ts";
import type { Endpoint } from "./core/policy/receive-connector.ts";
import { isOpenRelay } from "./core/policy/open-relay.ts";
import { formatEndpoint } from "./core/units/endpoint.ts";
import { levelNumbers } from "./events/event-level.ts";
import { createEventLog, type EventLog } from "./events/event-log.ts";
import type { EventRecord } from "./events/events.ts";
import { openProtocolLog, protocolLogDirectory, type ProtocolDirection } from "./logs/protocol-log.ts";
import { httpTls } from "./http/http-listeners.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import { createOverview, type Overview } from "./metrics/overview.ts";
import { createEventCounts } from "./metrics/event-counts.ts";
import { watchEventLoopLag } from "./metrics/event-loop-lag.ts";
import type { Exposition } from "./metrics/exposition.ts";
import { createMonitoring } from "./metrics/monitoring.ts";
import { createReadinessCheck, type Readiness, type RelayState } from "./metrics/readiness.ts";
import { eventStoreDirectory, openEventStore, type EventStore } from "./events/store/event-store.ts";
import type { Ports } from "./ports/ports.ts";
import { createSystemPorts } from "./ports/system-ports.ts";
import type { Discredit } from "./receive/admission/discredits.ts";
import type { LedgerEntry } from "./receive/admission/ledger.ts";
import type { LimitUsage } from "./receive/admission/usage.ts";
import type { Listener } from "./receive/connection/listeners.ts";
import { openConnection, type OpenConnection } from "./receive/open-connection.ts";
import { createReceiver, type Receiver } from "./receive/receiver.ts";
import { createCertificates, type Certificates } from "./receive/tls/certificates.ts";
import { createResourceMonitor } from "./resources/resource-monitor.ts";
import { createSystemResourceMeter } from "./resources/system-resource-meter.ts";
import { createCarrier } from "./send/delivery/create-carrier.ts";
import { OutboundConnections } from "./send/delivery/smtp/pool/outbound-connections.ts";
import { createPeerMemory } from "./send/delivery/smtp/peer/peer.ts";
import { createScheduler } from "./send/delivery/scheduler.ts";
import type { QueueSnapshot, Scheduler } from "./send/delivery/scheduler-contract.ts";
import { openSuspensions } from "./send/delivery/suspensions.ts";
import { openLmdbSpool } from "./spool/lmdb-spool.ts";
import { openTracking, type TrackingLog } from "./tracking/tracking.ts";
import type { SpoolInspection } from "./spool/spool-inspection.ts";
import { version } from "./version.ts";

export interface Relay {
  /** Opens the listeners and begins to deliver. Rejects when no listener could be opened. */
  start(): Promise<void>;
  /** The endpoints listened on, with the ports the system chose where 0 was configured. */
  listeners(): readonly Endpoint[];
  /** The same, each with its endpoint as configured and the receive connectors it serves. */
  bindings(): readonly Listener[];
  /**
   * Applies new settings without dropping a connection: new connections come in under them, open sessions keep
   * theirs; new listeners open, removed ones stop accepting. `hostname` and `dataDirectory` need a restart.
   */
  reconfigure(settings: Settings): Promise<void>;
  /** Calls back with each new configuration, and waits for it. Returns what ends it. */
  onReconfigured(listener: (settings: Settings) => Promise<void>): () => void;
  /**
   * Stops accepting, lets sessions and deliveries under way finish for up to `graceMs` (default 20 s), answers
   * 421 to the rest, and closes the spool. Idempotent.
   */
  stop(reason?: string, graceMs?: number): Promise<void>;
  /** What the relay tells; `subscribe` to hear it. */
  readonly events: EventLog;
  /** The events of the last days, on disk. */
  readonly eventStore: EventStore;
  /** What was used of each limit, by whom, and what would have been needed. */
  readonly usage: LimitUsage;
  /** What became of each message, on disk. */
  readonly tracking: Pick<TrackingLog, "enabled" | "track" | "search" | "export">;
  /** What it counted since its start. */
  readonly metrics: Metrics;
  /** The same for Prometheus, with what it holds now. Loads its library when it is first asked for. */
  exposition(): Promise<Exposition>;
  /** Whether it takes mail now, and why not. */
  readiness(): Promise<Readiness>;
  /** That it answers tells that the event loop turns; how late it was is told too. */
  liveness(): { readonly live: true; readonly eventLoopLagMs: number };
  /** Where metrics and health are served. */
  monitoring(): readonly { readonly endpoint: Endpoint; readonly url: string }[];
  /** The certificates that are presented, and the door for others who present some. */
  readonly certificates: Pick<Certificates, "load" | "pairFor" | "onLoaded" | "inUse">;
  /** The last ten minutes, second by second. */
  readonly overview: Pick<Overview, "points" | "follow">;
  /** Queues and what they wait for. */
  queues(): readonly QueueSnapshot[];
  /** Tries a queue, or all, at once. Returns how many. */
  retryNow(queue?: string): number;
  /** Suspends a queue or lets it go on, also after a restart. Resolves with false when nothing changed. */
  suspendQueue(queue: string, suspended: boolean): Promise<boolean>;
  /** Has all messages of a queue routed again. Resolves with how many. */
  resubmit(queue: string): Promise<number>;
  /** Messages that wait: seen without touching them, and what an administrator may do to each. */
  readonly messages: SpoolInspection & Pick<Scheduler, "suspendMessage" | "removeMessage" | "pendingOn">;
  /** Open sessions. */
  readonly sessions: number;
  /** What each of them does now. Cost: per session. */
  connections(): readonly OpenConnection[];
  /** Open connections by connector and source, as the limits count them. */
  counts(): Promise<readonly LedgerEntry[]>;
  /** Addresses that hung up in a tarpit and wait for each reply now. */
  discredits(): readonly Discredit[];
  /** Connections that wait for a place (limitAction `delay`). */
  waiting(connector: string): number;
  /** How short the resources are, by the last look of at most two seconds ago. */
  pressure(): BackPressure;
  /** Messages in the spool. */
  readonly queued: number;
  readonly settings: Settings;
}

const defaultGraceMs = 20_000;

/** Puts a relay together; nothing listens before `start()`. Rejects with SpoolError when the spool cannot be opened. */
export async function createRelay(
  initial: Settings,
  ports: Partial<Ports> = {},
  shared: { readonly events?: EventLog } = {},
): Promise<Relay> {
  const all: Ports = { ...createSystemPorts(), ...ports };
  const { clock, random } = all;
  let settings = initial;
  let levels = levelNumbers(settings.diagnostics.levels);
  const events = shared.events ?? createEventLog({ clock, levels: settings.diagnostics.levels });

  const metrics = createMetrics();
  // Before the spool: a file that cannot be read must not leave it locked.
  const suspensions = await openSuspensions(join(settings.dataDirectory, "suspended-queues.json"));
  const spoolDirectory = join(settings.dataDirectory, "spool");
  // What the opening of the spool has to tell is stored as soon as there is a store, which is behind the spool's lock.
  const early: EventRecord[] = [];
  const stopEarly = events.subscribe((record) => early.push(record));
  const spool = await openLmdbSpool({
    directory: spoolDirectory,
    clock,
    onFault: (fault) => events.emit("SpoolFault", { error: fault.message }),
    onJournalFault: ({ kind, what }) =>
      events.emit(kind === "damaged" ? "JournalDamaged" : "JournalGivenUp", { what }),
    onReserveGivenUp: (directory) => events.emit("StartReserveGivenUp", { directory }),
    onMisplaced(error) {
      if (error === undefined) events.emit("SpoolInPlaceAgain", { directory: spoolDirectory });
      else events.emit("SpoolMisplaced", { error });
    },
    onCommit: (writes, elapsedMs) => metrics.committed(writes, elapsedMs),
  });
  if (spool.orphansSwept > 0) events.emit("SpoolOrphansSwept", { files: spool.orphansSwept });
  const tracking = openTracking({
    dataDirectory: settings.dataDirectory,
    hostname: settings.hostname,
    clock,
    settings: settings.transport,
    onFault: (error) => events.emit("LogFault", { log: "message tracking", error: error.message }),
  });
  spool.onDamaged(({ id, what, setAside }) => {
    events.emit("MessageDamaged", { id, what, setAside: setAside ?? "" });
    tracking.track({ eventId: "DROP", source: "QUEUE", message: { id }, context: `Damaged: ${what}` });
  });

  const eventStore = await openEventStore({
    directory: eventStoreDirectory(settings.dataDirectory),
    clock,
    limitHits: { ipv6SourcePrefixLength: settings.transport.ipv6SourcePrefixLength },
    levelOf: (category) => levels.get(category) ?? 0,
    onFault: (error) => events.emit("LogFault", { log: "event store", error: error.message }),
  });
  stopEarly();
  for (const record of early) eventStore.record(record);
  events.subscribe((record) => eventStore.record(record));

  const protocolLog = (direction: ProtocolDirection) =>
    openProtocolLog({
      directory: protocolLogDirectory(settings.dataDirectory, direction),
      within: settings.dataDirectory,
      direction,
      clock,
      onFault: (error) =>
        events.emit("LogFault", { log: `protocol log (${direction})`, error: error.message }),
    });
  const receiveLog = protocolLog("receive");
  const sendLog = protocolLog("send");

  const resources = createResourceMonitor({
    meter: (all.resourceMeter ?? createSystemResourceMeter)(settings.dataDirectory),
    settings: settings.transport,
    clock,
    events,
    queueLength: () => spool.size,
  });

  const certificates = createCertificates({
    directory: join(settings.dataDirectory, "tls"),
    hostname: settings.hostname,
    clock,
    events,
  });
  const receiver: Receiver = createReceiver({
    settings: receiverSettings(settings),
    hostname: settings.hostname,
    certificates,
    spool,
    events,
    clock,
    protocolLog: receiveLog,
    metrics,
    pressure: () => resources.verdict,
    tracking,
  });

  const memory = createPeerMemory();
  const outbound = new OutboundConnections(() => settings.transport.maxOutboundConnections);
  const scheduler: Scheduler = createScheduler({
    spool,
    suspended: suspensions.queues,
    onSuspensionCarried: (from, to) => suspensions.carry(from, to),
    settings,
    ports: { clock, random },
    events,
    metrics,
    tracking,
    carrierFor: (connector) =>
      createCarrier(connector, {
        ports: all,
        events,
        hostname: settings.hostname,
        protocolLog: sendLog,
        memory,
        outbound,
      }),
  });

  const eventLoopLag = watchEventLoopLag();
  const overview = createOverview({
    clock,
    metrics,
    connections: () => receiver.sessions,
    queued: () => spool.size,
    eventLoopLagP99Ms() {
      const lagMs = eventLoopLag.takeP99Ms();
      metrics.lagged(lagMs);
      return lagMs;
    },
  });

  let state: RelayState = "starting";
  const eventCounts = createEventCounts(clock.wall());
  events.subscribe((record) => eventCounts.heard(record));
  const readinessCheck = createReadinessCheck(spoolDirectory, clock);
  const readiness = (): Promise<Readiness> =>
    readinessCheck.look({
      state,
      listeners: receiver.listeners.length,
      spoolFault: spool.misplaced,
      pressure: resources.pressure,
      configurationRejected: eventCounts.configurationRejected,
    });
  const liveness = () => ({
    live: true as const,
    eventLoopLagMs: overview.points().at(-1)?.eventLoopLagP99Ms ?? 0,
  });
  const expose = async (): Promise<Exposition> => {
    const { createExposition } = await import("./metrics/exposition.ts");
    return createExposition({
      metrics,
      events: eventCounts,
      version,
      get now() {
        return clock.now();
      },
      get bySource() {
        return settings.metrics.bySource;
      },
      get connectors() {
        return settings.receiveConnectors;
      },
      counts: () => receiver.openBySource(),
      discredits: () => receiver.discredits(),
      waiting: (connector) => receiver.waiting(connector),
      get running() {
        return scheduler.running;
      },
      get queued() {
        return spool.size;
      },
      oldestSince: (queue) => spool.oldestSince(queue),
      queues: () => scheduler.snapshot(),
      get pressure() {
        return resources.pressure;
      },
      get certificates() {
        return certificates.inUse();
      },
    });
  };
  let exposed: Promise<Exposition> | undefined;
  const exposition = (): Promise<Exposition> => (exposed ??= expose());
  const monitoring = createMonitoring({
    monitored: { exposition, readiness, liveness },
    events,
    clock,
  });
  const monitorBy = async ({ metrics: { tls, ...where } }: Settings): Promise<void> => {
    await certificates.load("metrics", tls === undefined || where.listen.length === 0 ? [] : [tls]);
    await monitoring.apply(where, httpTls(certificates, tls));
  };
  const followers = new Set<(settings: Settings) => Promise<void>>();

  let stopping: Promise<void> | undefined;

  const stop = async (reason: string, graceMs: number): Promise<void> => {
    state = "stopping";
    events.emit("RelayStopping", {
      reason,
      seconds: Math.round(graceMs / 1000),
      sessions: receiver.sessions,
      deliveries: scheduler.running,
    });
    resources.stop();
    await Promise.all([receiver.stop(graceMs), scheduler.stop(graceMs)]);
    overview.stop();
    eventLoopLag.stop();
    await monitoring.close();
    certificates.close();
    await Promise.all([receiveLog.close(), sendLog.close()]);
    const queued = spool.size;
    await spool.close();
    await tracking.close();
    state = "stopped";
    events.emit("RelayStopped", { queued });
    await eventStore.close();
  };

  return {
    async start() {
      warnOfOpenRelays(settings, events);
      await resources.start();
      await monitorBy(settings);
      const failures = await receiver.start();
      if (receiver.listeners.length === 0 && failures.length > 0) {
        const named = failures.map(({ endpoint, error }) => `${formatEndpoint(endpoint)}: ${error.message}`);
        throw new Error(`cannot listen on any endpoint (${named.join("; ")})`);
      }
      scheduler.start();
      overview.start();
      state = "running";
      events.emit("RelayStarted", { version, hostname: settings.hostname, recovered: spool.recovered });
    },
    listeners: () => receiver.listeners.map(({ bound }) => bound),
    bindings: () => receiver.listeners,
    async reconfigure(next) {
      settings = next;
      levels = levelNumbers(next.diagnostics.levels);
      events.setLevels(next.diagnostics.levels);
      warnOfOpenRelays(next, events);
      resources.reconfigure(next.transport);
      tracking.reconfigure(next.transport);
      await receiver.reconfigure(receiverSettings(next));
      await scheduler.reconfigure(next);
      await monitorBy(next);
      for (const follower of followers) await follower(next);
    },
    onReconfigured(listener) {
      followers.add(listener);
      return () => void followers.delete(listener);
    },
    stop: (reason = "asked to", graceMs = defaultGraceMs) => (stopping ??= stop(reason, graceMs)),
    events,
    eventStore,
    usage: receiver.usage,
    metrics,
    exposition,
    readiness,
    liveness,
    monitoring: () => monitoring.open,
    certificates,
    overview,
    tracking,
    queues: () => scheduler.snapshot(),
    retryNow: (queue) => scheduler.retryNow(queue),
    async suspendQueue(queue, suspended) {
      await suspensions.set(queue, suspended);
      return scheduler.suspend(queue, suspended);
    },
    resubmit: (queue) => scheduler.resubmit(queue),
    messages: {
      list: (queue, limit, search) => spool.list(queue, limit, search),
      find: (id) => spool.find(id),
      countDeferred: (queue, now) => spool.countDeferred(queue, now),
      oldestSince: (queue) => spool.oldestSince(queue),
      suspendMessage: (queue, id, suspended) => scheduler.suspendMessage(queue, id, suspended),
      removeMessage: (queue, id, withNdr) => scheduler.removeMessage(queue, id, withNdr),
      pendingOn: (queue, id) => scheduler.pendingOn(queue, id),
    },
    get sessions() {
      return receiver.sessions;
    },
    connections() {
      const wallOffsetMs = clock.wall().getTime() - clock.now();
      return Array.from(receiver.openSessions(), (open) => openConnection(open, wallOffsetMs));
    },
    pressure: () => resources.pressure,
    counts: () => receiver.ledger.snapshot(),
    discredits: () => receiver.discredits(),
    waiting: (connector) => receiver.waiting(connector),
    get queued() {
      return spool.size;
    },
    get settings() {
      return settings;
    },
  };
}

function receiverSettings(settings: Settings) {
  const { receiveConnectors, acceptedDomains, users, transport, proxyProtocolFrom } = settings;
  const { maxConnectionRatePerMinute, ipv6SourcePrefixLength } = transport;
  return {
    receiveConnectors,
    acceptedDomains,
    users,
    proxyProtocolFrom,
    maxConnectionRatePerMinute,
    ipv6SourcePrefixLength,
  };
}

function warnOfOpenRelays(settings: Settings, events: EventLog): void {
  for (const connector of settings.receiveConnectors) {
    if (!isOpenRelay(connector)) continue;
    events.emit("OpenRelayWarning", {
      connector: connector.name,
      ranges: connector.remoteIpRanges.map(({ text }) => text).join(", "),
    });
  }
}
