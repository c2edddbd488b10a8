/**
 * The parts of a relay, built in the order of the mail's way: what tells of it, where it is kept, who takes it, who carries it on.
 * Each is open then, and none works before the start (life.ts).
 */
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { leapText } from "../core/policy/believed-time.ts";
import { levelNumbers } from "../events/event-level.ts";
import { createEventLog, type EventLog } from "../events/event-log.ts";
import type { EventRecord } from "../events/events.ts";
import {
  openProtocolLog,
  protocolLogDirectory,
  protocolLogLimits,
  type ProtocolDirection,
} from "../logs/protocol-log.ts";
import { createMetrics } from "../metrics/metrics.ts";
import type { RelayState } from "../metrics/readiness.ts";
import { checkDataFormats, moveDataFormatsForward } from "../formats/format-file.ts";
import { eventStoreDirectory, openEventStore } from "../events/store/event-store.ts";
import { createHttpRequest } from "../ports/http-request.ts";
import type { Ports } from "../ports/ports.ts";
import { openRetentionClock } from "../ports/retention-clock.ts";
import { createSystemPorts } from "../ports/system-ports.ts";
import { openRecipientDays } from "../receive/admission/recipient-days-file.ts";
import { createSharedRecipientDays } from "../receive/admission/shared-recipient-days.ts";
import { openApiKeys } from "../receive/authentication/api-keys-file.ts";
import { createPickup } from "../receive/pickup/pickup.ts";
import { createReceiver, type Receiver } from "../receive/receiver.ts";
import { createCertificates } from "../receive/tls/certificates.ts";
import { openLegacyTlsClients } from "../receive/tls/legacy-clients.ts";
import { withDns } from "../dns/relay-dns.ts";
import { createResourceMonitor } from "../resources/resource-monitor.ts";
import { createSystemResourceMeter } from "../resources/system-resource-meter.ts";
import { openSender } from "../send/sender.ts";
import { openSuspensions } from "../send/delivery/suspensions.ts";
import { openServiceSuspension } from "../receive/service-suspension.ts";
import { openTracking, type MessageLog } from "../tracking/tracking.ts";
import { openSenderInventory } from "../inventory/sender-inventory.ts";
import { openTrafficRecord } from "../traffic/traffic-record.ts";
import { openSpool } from "./open-spool.ts";
import { pickupSettings, receiverSettings } from "./station-settings.ts";
import { openWebhooks } from "../webhooks/webhooks.ts";

/** What changes while it runs; each has one writer, named beside it. */
export interface Changing {
  /** life.ts: reconfigure. */
  settings: Settings;
  /** life.ts: reconfigure. Of each category, as a number. */
  levels: ReturnType<typeof levelNumbers>;
  /** life.ts: start and stop. */
  phase: RelayState;
}

export interface Shared {
  readonly events?: EventLog;
  readonly messageLog?: MessageLog;
}

export type RelayParts = Awaited<ReturnType<typeof buildParts>>;

/**
 * Rejects with SpoolError when the spool cannot be opened, with FormatError when the data directory is of a later release.
 * Cost: reads of the data directory, a connection to the database of a node.
 */
export async function buildParts(initial: Settings, ports: Partial<Ports>, shared: Shared) {
  const changing: Changing = {
    settings: initial,
    phase: "starting",
    levels: levelNumbers(initial.diagnostics.levels),
  };
  const { dataDirectory, hostname } = initial;
  const all: Ports = withDns({ ...createSystemPorts(), ...ports }, ports, () => changing.settings.transport);
  const { clock } = all;
  const events = shared.events ?? createEventLog({ clock, levels: initial.diagnostics.levels });

  await checkDataFormats(dataDirectory);
  const metrics = createMetrics();
  // Before the spool: a file that cannot be read must not leave it locked.
  const ownSuspensions = await openSuspensions(join(dataDirectory, "suspended-queues.json"));
  const service = await openServiceSuspension(dataDirectory);
  // What the opening of the spool has to tell is stored as soon as there is a store, which is behind the spool's lock.
  const early: EventRecord[] = [];
  const stopEarly = events.subscribe((record) => early.push(record));
  const opened = await openSpool(initial, { clock, events, metrics, suspensions: ownSuspensions });
  const { spool, node } = opened;
  const suspensions = node?.suspensions ?? ownSuspensions;
  await moveDataFormatsForward(dataDirectory).catch(async (fault: unknown) => {
    await opened.close();
    throw fault;
  });
  const retention = await openRetentionClock(join(dataDirectory, "retention-clock.json"), {
    clock,
    onLeap: (doubt) => events.emit("ClockLeapt", { far: leapText(doubt) }),
    onOver: (back) =>
      events.emit("ClockLeapOver", {
        how: back ? "is right again" : "has held for three days and is believed",
      }),
  });
  const agedBy = (): number => retention.now();
  const tracking = openTracking({
    dataDirectory,
    hostname,
    clock,
    settings: initial.transport,
    agedBy,
    onFault: (error) => events.emit("LogFault", { log: "message tracking", error: error.message }),
    messageLog: shared.messageLog,
  });
  const inventory = openSenderInventory({
    dataDirectory,
    clock,
    events,
    settings: initial,
    retention,
    notices: node?.notices,
  });
  const traffic = openTrafficRecord({
    dataDirectory,
    clock,
    settings: initial.transport,
    retention,
    onFault: (error) => events.emit("LogFault", { log: "traffic record", error: error.message }),
    onGathered: (octets, beginsSegment) => inventory.gathered(octets, beginsSegment),
  });
  spool.onDamaged(({ id, what, setAside }) => {
    events.emit("MessageDamaged", { id, what, setAside: setAside ?? "" });
    tracking.track({ eventId: "DROP", source: "QUEUE", message: { id }, context: `Damaged: ${what}` });
  });

  const eventStore = await openEventStore({
    directory: eventStoreDirectory(dataDirectory),
    clock,
    agedBy,
    limitHits: { ipv6SourcePrefixLength: initial.transport.ipv6SourcePrefixLength },
    levelOf: (category) => changing.levels.get(category) ?? 0,
    onFault: (error) => events.emit("LogFault", { log: "event store", error: error.message }),
  });
  stopEarly();
  if (node !== undefined) events.subscribe((record) => node.audit.heard(record));
  for (const record of early) eventStore.record(record);
  events.subscribe((record) => eventStore.record(record));

  const protocolLog = (direction: ProtocolDirection) =>
    openProtocolLog({
      directory: protocolLogDirectory(dataDirectory, direction),
      within: dataDirectory,
      direction,
      clock,
      agedBy,
      limits: protocolLogLimits(direction, () => changing.settings.transport),
      onFault: (error) =>
        events.emit("LogFault", { log: `protocol log (${direction})`, error: error.message }),
    });
  const receiveLog = protocolLog("receive");
  const sendLog = protocolLog("send");

  const resources = createResourceMonitor({
    meter: (all.resourceMeter ?? createSystemResourceMeter)(dataDirectory),
    settings: initial.transport,
    clock,
    events,
    queueLength: () => spool.size,
  });

  const certificates = createCertificates({
    directory: join(dataDirectory, "tls"),
    hostname,
    clock,
    events,
  });
  const legacyTls = await openLegacyTlsClients(join(dataDirectory, "legacy-tls-clients.json"), clock);
  const http = createHttpRequest(all);
  const webhooks = openWebhooks({
    directory: join(dataDirectory, "webhooks"),
    hostname,
    clock,
    random: all.random,
    http,
    events,
    notices: node?.notices,
    agedBy,
    settings: initial.webhooks,
  });
  events.subscribe((record) => webhooks.heard(record));
  const recipientDays =
    node === undefined
      ? await openRecipientDays(join(dataDirectory, "recipient-rates.json"), { clock, events })
      : createSharedRecipientDays(clock, node.sending.shares);
  const apiKeys = await openApiKeys(join(dataDirectory, "api-keys-used.json"), initial.apiKeys, {
    clock,
    events,
  });
  node?.shareKeyUses(apiKeys);
  const receiver: Receiver = createReceiver({
    recipientDays,
    apiKeys,
    http,
    settings: receiverSettings(initial),
    hostname,
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

  const pickup = createPickup(pickupSettings(initial), {
    submissions: receiver.submissions,
    clock,
    events,
    isKept: async (id) => (await spool.find(id)) !== undefined,
  });

  const sender = await openSender(() => changing.settings, {
    ports: all,
    http,
    spool,
    suspensions,
    events,
    metrics,
    tracking,
    protocolLog: sendLog,
    shared: node?.sending,
    agedBy,
    isClockBelieved: () => retention.isBelieved,
  });
  const { scheduler } = sender;

  node?.suspensions.onChanged((queue, suspended) => void scheduler.suspend(queue, suspended));
  node?.drain.onChanged(() => {
    if (node.drain.suspended === undefined) scheduler.look();
    else scheduler.handOver();
    void receiver.suspensionChanged();
  });

  return {
    changing,
    clock,
    events,
    metrics,
    service,
    suspensions,
    opened,
    retention,
    tracking,
    inventory,
    traffic,
    eventStore,
    receiveLog,
    sendLog,
    resources,
    certificates,
    legacyTls,
    webhooks,
    recipientDays,
    apiKeys,
    receiver,
    pickup,
    sender,
    scheduler,
  };
}
