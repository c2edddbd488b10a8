/** The relay put together. Read from top to bottom it is the mail's way: receive, keep, send. No logic here. */
import { join } from "node:path";
import { RelayStoppingError } from "./config/relay-stopping.ts";
import type { Settings } from "./config/settings.ts";
import { credentialEnds } from "./core/policy/credential-expiry.ts";
import { isOpenRelay } from "./core/policy/open-relay.ts";
import { listeningText } from "./core/policy/listening-endpoint.ts";
import { levelNumbers } from "./events/event-level.ts";
import { createEventLog, type EventLog } from "./events/event-log.ts";
import type { EventRecord } from "./events/events.ts";
import {
  openProtocolLog,
  protocolLogDirectory,
  protocolLogLimits,
  type ProtocolDirection,
} from "./logs/protocol-log.ts";
import { httpTls } from "./http/http-listeners.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import { createObservation } from "./metrics/observation.ts";
import type { RelayState } from "./metrics/readiness.ts";
import type { Relay } from "./relay-contract.ts";
import { checkDataFormats, moveDataFormatsForward } from "./formats/format-file.ts";
import { eventStoreDirectory, openEventStore } from "./events/store/event-store.ts";
import { createHttpRequest } from "./ports/http-request.ts";
import type { Clock, Ports } from "./ports/ports.ts";
import { atMost } from "./ports/at-most.ts";
import { createInTurn } from "./ports/in-turn.ts";
import { createSystemPorts } from "./ports/system-ports.ts";
import { openRecipientDays } from "./receive/admission/recipient-days-file.ts";
import { createSharedRecipientDays } from "./receive/admission/shared-recipient-days.ts";
import { openApiKeys } from "./receive/authentication/api-keys-file.ts";
import { openConnection, openHttpConnection } from "./receive/open-connection.ts";
import { createPickup, type PickupSettings } from "./receive/pickup/pickup.ts";
import { createReceiver, type Receiver } from "./receive/receiver.ts";
import { createCertificates } from "./receive/tls/certificates.ts";
import { openLegacyTlsClients } from "./receive/tls/legacy-clients.ts";
import { withDns } from "./dns/relay-dns.ts";
import { createResourceMonitor } from "./resources/resource-monitor.ts";
import { createSystemResourceMeter } from "./resources/system-resource-meter.ts";
import { openSender } from "./send/sender.ts";
import { openSuspensions } from "./send/delivery/suspensions.ts";
import { openServiceSuspension } from "./receive/service-suspension.ts";
import type { ClusterNode, NodeSurroundings } from "./cluster/open-node.ts";
import type { ClusterSettings } from "./core/policy/cluster-settings.ts";
import { openLmdbSpool, type LmdbSpool } from "./spool/lmdb-spool.ts";
import type { Spool } from "./spool/spool.ts";
import type { SpoolInspection } from "./spool/spool-inspection.ts";
import { openTracking, type MessageLog } from "./tracking/tracking.ts";
import { openSenderInventory } from "./inventory/sender-inventory.ts";
import { openTrafficRecord } from "./traffic/traffic-record.ts";
import { version } from "./version.ts";
import { openWebhooks } from "./webhooks/webhooks.ts";

const defaultGraceMs = 20_000;

/**
 * Puts a relay together; nothing listens before `start()`. Rejects with SpoolError when the spool cannot be opened, with
 * FormatError when the data directory is of a later release.
 */
export async function createRelay(
  initial: Settings,
  ports: Partial<Ports> = {},
  shared: { readonly events?: EventLog; readonly messageLog?: MessageLog } = {},
): Promise<Relay> {
  let settings = initial;
  const all: Ports = withDns({ ...createSystemPorts(), ...ports }, ports, () => settings.transport);
  const { clock } = all;
  let levels = levelNumbers(settings.diagnostics.levels);
  const events = shared.events ?? createEventLog({ clock, levels: settings.diagnostics.levels });

  await checkDataFormats(settings.dataDirectory);
  const metrics = createMetrics();
  // Before the spool: a file that cannot be read must not leave it locked.
  const ownSuspensions = await openSuspensions(join(settings.dataDirectory, "suspended-queues.json"));
  const service = await openServiceSuspension(settings.dataDirectory);
  const spoolDirectory = join(settings.dataDirectory, "spool");
  // What the opening of the spool has to tell is stored as soon as there is a store, which is behind the spool's lock.
  const early: EventRecord[] = [];
  const stopEarly = events.subscribe((record) => early.push(record));
  const node =
    initial.cluster &&
    (await joinNodes(initial.cluster, {
      dataDirectory: initial.dataDirectory,
      clock,
      events,
      metrics,
      suspensions: ownSuspensions,
    }));
  const suspensions = node?.suspensions ?? ownSuspensions;
  const lmdb = node === undefined ? await openOwnSpool(spoolDirectory, clock, events, metrics) : undefined;
  const spool: Spool & SpoolInspection = node?.spool ?? (lmdb as LmdbSpool);
  const closeSpool = async (): Promise<void> => {
    await spool.close();
    await node?.leave();
  };
  await moveDataFormatsForward(settings.dataDirectory).catch(async (fault: unknown) => {
    await closeSpool();
    throw fault;
  });
  const tracking = openTracking({
    dataDirectory: settings.dataDirectory,
    hostname: settings.hostname,
    clock,
    settings: settings.transport,
    onFault: (error) => events.emit("LogFault", { log: "message tracking", error: error.message }),
    messageLog: shared.messageLog,
  });
  const inventory = openSenderInventory({
    dataDirectory: settings.dataDirectory,
    clock,
    events,
    settings,
    notices: node?.notices,
  });
  const traffic = openTrafficRecord({
    dataDirectory: settings.dataDirectory,
    clock,
    settings: settings.transport,
    onFault: (error) => events.emit("LogFault", { log: "traffic record", error: error.message }),
    onGathered: (octets, beginsSegment) => inventory.gathered(octets, beginsSegment),
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
  if (node !== undefined) events.subscribe((record) => node.audit.heard(record));
  for (const record of early) eventStore.record(record);
  events.subscribe((record) => eventStore.record(record));

  const protocolLog = (direction: ProtocolDirection) =>
    openProtocolLog({
      directory: protocolLogDirectory(settings.dataDirectory, direction),
      within: settings.dataDirectory,
      direction,
      clock,
      limits: protocolLogLimits(direction, () => settings.transport),
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
  const legacyTls = await openLegacyTlsClients(
    join(settings.dataDirectory, "legacy-tls-clients.json"),
    clock,
  );
  const http = createHttpRequest(all);
  const webhooks = openWebhooks({
    directory: join(settings.dataDirectory, "webhooks"),
    hostname: settings.hostname,
    clock,
    random: all.random,
    http,
    events,
    notices: node?.notices,
    settings: settings.webhooks,
  });
  events.subscribe((record) => webhooks.heard(record));
  const recipientDays =
    node === undefined
      ? await openRecipientDays(join(settings.dataDirectory, "recipient-rates.json"), { clock, events })
      : createSharedRecipientDays(clock, node.sending.shares);
  const apiKeys = await openApiKeys(join(settings.dataDirectory, "api-keys-used.json"), settings.apiKeys, {
    clock,
    events,
  });
  node?.shareKeyUses(apiKeys);
  const receiver: Receiver = createReceiver({
    recipientDays,
    apiKeys,
    http,
    settings: receiverSettings(settings),
    hostname: settings.hostname,
    certificates,
    legacyTls,
    spool,
    events,
    clock,
    protocolLog: receiveLog,
    metrics,
    isSuspended: () => service.now !== undefined || node?.drain.isClosed === true,
    pressure: () => resources.verdict,
    tracking,
    inspection: spool,
    traffic,
    ledger: node?.ledger,
    sharedDiscredits: node?.discredits,
  });
  node?.onUnsafe(() => receiver.endSessions());

  const pickup = createPickup(pickupSettings(settings), {
    submissions: receiver.submissions,
    clock,
    events,
    isKept: async (id) => (await spool.find(id)) !== undefined,
  });

  const sender = await openSender(() => settings, {
    ports: all,
    http,
    spool,
    suspensions,
    events,
    metrics,
    tracking,
    protocolLog: sendLog,
    shared: node?.sending,
  });
  const { scheduler } = sender;

  node?.suspensions.onChanged((queue, suspended) => void scheduler.suspend(queue, suspended));
  node?.drain.onChanged(() => {
    if (node.drain.suspended === undefined) scheduler.look();
    else scheduler.handOver();
    void receiver.suspensionChanged();
  });

  let state: RelayState = "starting";
  const observation = createObservation({
    spoolDirectory: node?.directory ?? spoolDirectory,
    clock,
    events,
    relay: {
      metrics,
      version,
      get state() {
        return state;
      },
      get listeners() {
        return receiver.listeners.length;
      },
      get failedListeners() {
        return receiver.failedListeners;
      },
      get sessions() {
        return receiver.sessions;
      },
      get suspended() {
        return service.now;
      },
      get node() {
        const { since, outdated } = node?.drain.suspended ?? {};
        return (
          node && {
            drainingSince: since,
            outdated,
            databaseFaults: node.view.databaseFaults.map(({ text }) => text),
          }
        );
      },
      get spoolFault() {
        return spool.away === undefined ? spool.misplaced : "database away";
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
      get tellsQueue() {
        return node?.isChores !== false;
      },
      oldestSince: (queue) => spool.oldestSince(queue),
      queues: () => scheduler.snapshot(),
      get pressure() {
        return resources.pressure;
      },
      get credentials() {
        return credentialEnds(settings.sendConnectors);
      },
      get dkimKeys() {
        return sender.dkimKeys();
      },
      get certificates() {
        return certificates.inUse();
      },
      get webhooks() {
        return webhooks.states();
      },
    },
  });
  const monitorBy = async ({ metrics: { tls, ...where } }: Settings): Promise<void> => {
    await certificates.load("metrics", tls === undefined || where.listen.length === 0 ? [] : [tls]);
    await observation.monitoring.apply(where, httpTls(certificates, tls));
  };
  const followers = new Set<(settings: Settings) => Promise<void>>();

  const inTurn = createInTurn();
  let changing: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;

  const reconfigure = async (next: Settings): Promise<void> => {
    settings = next;
    levels = levelNumbers(next.diagnostics.levels);
    events.setLevels(next.diagnostics.levels);
    warnOfOpenRelays(next, events);
    resources.reconfigure(next.transport);
    tracking.reconfigure(next.transport);
    traffic.reconfigure(next.transport);
    inventory.reconfigure(next);
    webhooks.reconfigure(next.webhooks);
    const steps = [
      async () => void (await receiver.reconfigure(receiverSettings(next))),
      () => pickup.reconfigure(pickupSettings(next)),
      () => sender.reconfigure(next),
      () => monitorBy(next),
      ...[...followers].map((follow) => () => follow(next)),
    ];
    for (const step of steps) {
      if (stopping !== undefined) throw new RelayStoppingError();
      await step();
    }
  };

  const stop = async (reason: string, graceMs: number): Promise<void> => {
    state = "stopping";
    events.emit("RelayStopping", {
      reason,
      seconds: Math.round(graceMs / 1000),
      sessions: receiver.sessions,
      deliveries: scheduler.running,
    });
    resources.stop();
    await Promise.all([
      receiver.stop(graceMs),
      pickup.stop(),
      sender.stop(graceMs),
      atMost(
        clock,
        graceMs,
        changing.catch(() => undefined),
      ),
    ]);
    await Promise.all([sender.close(), legacyTls.close(), recipientDays.close(), apiKeys.close()]);
    await observation.stop();
    certificates.close();
    await Promise.all([receiveLog.close(), sendLog.close()]);
    const queued = spool.size;
    await closeSpool();
    await tracking.close();
    await traffic.close();
    await inventory.close();
    state = "stopped";
    events.emit("RelayStopped", { queued });
    await webhooks.close();
    await eventStore.close();
  };

  return {
    async start() {
      warnOfOpenRelays(settings, events);
      await resources.start();
      await monitorBy(settings);
      // Before anybody delivers what may lie there yet.
      await pickup.recover();
      const failures = await receiver.start();
      if (receiver.listeners.length === 0 && failures.length > 0) {
        const named = failures.map(({ endpoint, reason }) => `${listeningText(endpoint)}: ${reason}`);
        throw new Error(`cannot listen on any endpoint (${named.join("; ")})`);
      }
      sender.start();
      pickup.start();
      observation.start();
      inventory.start(traffic);
      void webhooks.start();
      void lmdb?.sweepOrphans().then((files) => {
        if (files > 0) events.emit("SpoolOrphansSwept", { files });
      });
      state = "running";
      if (service.now !== undefined)
        events.emit("ServiceSuspended", { who: service.now.by, since: service.now.since });
      events.emit("RelayStarted", { version, hostname: settings.hostname, recovered: spool.recovered });
    },
    listeners: () =>
      receiver.listeners.filter(({ endpoint: { door } }) => door === "SMTP").map(({ bound }) => bound),
    bindings: () => receiver.listeners,
    failedListeners: () => receiver.failedListeners,
    reconfigure(next) {
      if (stopping !== undefined) return Promise.reject(new RelayStoppingError());
      return (changing = inTurn(() => reconfigure(next)));
    },
    onReconfigured(listener) {
      followers.add(listener);
      return () => void followers.delete(listener);
    },
    stop: (reason = "asked to", graceMs = defaultGraceMs) => (stopping ??= stop(reason, graceMs)),
    events,
    node: node?.view,
    eventStore,
    usage: receiver.usage,
    metrics,
    exposition: () => observation.exposition(),
    readiness: () => observation.readiness(),
    liveness: () => observation.liveness(),
    monitoring: () => observation.monitoring.open,
    certificates,
    overview: observation.overview,
    tracking,
    inventory,
    webhooks,
    replayTraffic: (question, given) => traffic.replay(question, given),
    trafficUse: (question, given) => traffic.use(question, given),
    trafficRecord: traffic,
    queues: () => scheduler.snapshot(),
    sendBudgets: () => sender.usage(),
    dkimKeys: () => sender.dkimKeys(),
    captured: sender.captured,
    legacyTlsClients: () => legacyTls.all(),
    snapshotSpool: (work) =>
      lmdb === undefined ? Promise.reject(new Error(inDatabase)) : lmdb.snapshot(work),
    flushLogs: async () => {
      await Promise.all([tracking.flush(), eventStore.flush(), receiveLog.flush(), sendLog.flush()]);
    },
    retryNow: (queue) => scheduler.retryNow(queue),
    get suspension() {
      return service.now;
    },
    async suspendService(by) {
      const since = clock.wall().toISOString();
      const changed = await service.set(by === undefined ? undefined : { since, by });
      if (changed) await receiver.suspensionChanged();
      return changed;
    },
    testSendConnector: (connector, wanted) => sender.test(connector, wanted),
    resolveNextHop: (domain, refresh) => sender.resolveNextHop(domain, refresh),
    tlsReports: (wanted, limit) => sender.tlsReports(wanted, limit),
    mtaStsPolicy: (domain, refresh) => sender.mtaStsPolicy(domain, refresh),
    expectProbe: (source) => receiver.expectProbe(source),
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
      retryMessage: (queue, id) => scheduler.retryMessage(queue, id),
      redirectMessage: (queue, id, to) => scheduler.redirectMessage(queue, id, to),
      pendingOn: (queue, id) => scheduler.pendingOn(queue, id),
    },
    get sessions() {
      return receiver.sessions;
    },
    connections() {
      const wallOffsetMs = clock.wall().getTime() - clock.now();
      return [
        ...Array.from(receiver.openSessions(), (open) => openConnection(open, wallOffsetMs)),
        ...Array.from(receiver.httpConnections(), (open) => openHttpConnection(open, wallOffsetMs)),
      ];
    },
    pressure: () => resources.pressure,
    counts: () => receiver.ledger.snapshot(),
    discredits: () => receiver.discredits(),
    apiKeyLastUsed: (name) => apiKeys.lastUsed(name),
    recipientsLastDay: (owner) => receiver.recipientDays.used(owner),
    waiting: (connector) => receiver.waiting(connector),
    get queued() {
      return spool.size;
    },
    get settings() {
      return settings;
    },
  };
}

const inDatabase =
  "the database keeps the mail of a cluster's nodes: it is backed up there (docs/several-nodes.md)";

/** Loaded where it is configured, and pg with it. */
async function joinNodes(
  cluster: ClusterSettings,
  around: Omit<NodeSurroundings, "version" | "onCommit"> & { readonly metrics: Metrics },
): Promise<ClusterNode> {
  const { metrics, ...rest } = around;
  const { openClusterNode } = await import("./cluster/open-node.ts");
  return openClusterNode(cluster, {
    ...rest,
    version,
    onCommit: (writes, elapsedMs) => metrics.committed(writes, elapsedMs),
  });
}

async function openOwnSpool(
  directory: string,
  clock: Clock,
  events: EventLog,
  metrics: Metrics,
): Promise<LmdbSpool> {
  const spool = await openLmdbSpool({
    directory,
    clock,
    onFault: (fault) => events.emit("SpoolFault", { error: fault.message }),
    onJournalFault: ({ kind, what }) => events.emit(journalEvents[kind], { what }),
    onReserveGivenUp: (at) => events.emit("StartReserveGivenUp", { directory: at }),
    onMisplaced(error) {
      if (error === undefined) events.emit("SpoolInPlaceAgain", { directory });
      else events.emit("SpoolMisplaced", { error });
    },
    onCommit: (writes, elapsedMs) => metrics.committed(writes, elapsedMs),
    onAnswersCrowded: (kept) => events.emit("AnswersForgottenEarly", { kept }),
  });
  return spool;
}

const journalEvents = {
  damaged: "JournalDamaged",
  cutOff: "JournalCutOff",
  givenUp: "JournalGivenUp",
} as const;

function pickupSettings({ hostname, receiveConnectors, transport }: Settings): PickupSettings {
  return { ...transport, hostname, receiveConnectors };
}

function receiverSettings(settings: Settings) {
  const {
    receiveConnectors,
    acceptedDomains,
    users,
    apiKeys,
    tokenIssuers,
    directory,
    applications,
    transport,
    proxyProtocolFrom,
  } = settings;
  const { maxConnectionRatePerMinute, ipv6SourcePrefixLength } = transport;
  return {
    receiveConnectors,
    acceptedDomains,
    users,
    apiKeys,
    tokenIssuers,
    directory,
    applications,
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
