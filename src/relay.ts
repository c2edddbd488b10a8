/**
 * The relay put together: built (relay/build-parts.ts, in the order of the mail's way), started, reconfigured and stopped
 * (relay/life.ts), looked at (relay/observed.ts). Here is what whoever holds it may ask of it; no logic.
 */
import type { Settings } from "./config/settings.ts";
import { createObservation } from "./metrics/observation.ts";
import type { Ports } from "./ports/ports.ts";
import { openConnection, openHttpConnection } from "./receive/open-connection.ts";
import type { Relay } from "./relay-contract.ts";
import { buildParts, type Shared } from "./relay/build-parts.ts";
import { createLife } from "./relay/life.ts";
import { observedRelay } from "./relay/observed.ts";

/**
 * Puts a relay together; nothing listens before `start()`. Rejects with SpoolError when the spool cannot be opened, with
 * FormatError when the data directory is of a later release.
 */
export async function createRelay(
  initial: Settings,
  ports: Partial<Ports> = {},
  shared: Shared = {},
): Promise<Relay> {
  const parts = await buildParts(initial, ports, shared);
  const { changing, clock, events, eventStore, metrics, service, suspensions, opened } = parts;
  const { tracking, inventory, traffic, receiveLog, sendLog, resources, certificates, legacyTls } = parts;
  const { webhooks, apiKeys, receiver, sender, scheduler } = parts;
  const { spool, lmdb } = opened;
  const observation = createObservation({
    spoolDirectory: opened.directory,
    clock,
    events,
    relay: observedRelay(parts),
  });

  return {
    ...createLife(parts, observation),
    listeners: () =>
      receiver.listeners.filter(({ endpoint: { door } }) => door === "SMTP").map(({ bound }) => bound),
    bindings: () => receiver.listeners,
    failedListeners: () => receiver.failedListeners,
    events,
    node: opened.node?.view,
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
      return changing.settings;
    },
  };
}

const inDatabase =
  "the database keeps the mail of a cluster's nodes: it is backed up there (docs/several-nodes.md)";
