/** The receiving half put together: listeners, the door, sessions, and how they stop. */
import type { Socket } from "node:net";
import { LRUCache } from "lru-cache";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import type { PressureVerdict } from "../core/policy/back-pressure.ts";
import type { Endpoint, ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { encodeReply, type Reply } from "../core/smtp/reply.ts";
import { mailDate } from "../core/message/received.ts";
import { formatAddress, parseAddress } from "../core/units/ip-address.ts";
import { contains, type IpRange } from "../core/units/ip-range.ts";
import type { Events } from "../events/events.ts";
import type { ProtocolLog } from "../logs/protocol-log.ts";
import type { Clock } from "../ports/ports.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { SpoolIntake } from "../spool/spool.ts";
import { noTracking, type Tracking } from "../tracking/tracking.ts";
import {
  createDoor,
  type Admitted,
  type AdmissionSettings,
  type Client,
  type Held,
} from "./admission/admission.ts";
import type { Ledger } from "./admission/ledger.ts";
import { createMemoryLedger } from "./admission/memory-ledger.ts";
import { createRefusals } from "./admission/refusals.ts";
import { createLimitUsage, type LimitUsage } from "./admission/usage.ts";
import { waitForRate } from "./admission/wait-for-rate.ts";
import { createWaitingRoom } from "./admission/waiting-room.ts";
import { createAccounts, type Account } from "./authentication/accounts.ts";
import { createListeners, type Listener } from "./connection/listeners.ts";
import { readProxySource } from "./connection/proxy-source.ts";
import type { SessionServices } from "./session/services.ts";
import type { SessionState } from "./session/state.ts";
import { createSessions, type OpenSession } from "./sessions.ts";
import type { Certificates } from "./tls/certificates.ts";

export interface ReceiverSettings extends AdmissionSettings {
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly users: readonly Account[];
  /** Load balancers whose connections begin with a PROXY header. */
  readonly proxyProtocolFrom: readonly IpRange[];
}

export interface Receiver {
  /** Loads certificates and opens the listeners. Returns the endpoints that could not be opened. */
  start(): Promise<readonly { endpoint: Endpoint; error: Error }[]>;
  /** Applies to connections from now on; open sessions keep what they came in under. */
  reconfigure(settings: ReceiverSettings): Promise<readonly { endpoint: Endpoint; error: Error }[]>;
  readonly listeners: readonly Listener[];
  readonly sessions: number;
  openSessions(): Iterable<OpenSession>;
  /** Connections that wait for a place, by connector. */
  waiting(connector: string): number;
  readonly ledger: Ledger;
  readonly usage: LimitUsage;
  /** Stops accepting, lets content under way finish for `graceMs`, answers 421 to the rest. */
  stop(graceMs: number): Promise<void>;
}

/** An address that hung up in a tarpit is held back from its first reply on, for this long. */
const discreditMs = 60 * 60_000;

export function createReceiver(options: {
  readonly settings: ReceiverSettings;
  readonly hostname: string;
  readonly certificates: Certificates;
  readonly spool: SpoolIntake;
  readonly events: Events;
  readonly clock: Clock;
  readonly protocolLog: ProtocolLog;
  readonly metrics: Metrics;
  /** What back pressure asks for now. Cost: one look-up. */
  readonly pressure: () => PressureVerdict | undefined;
  /** Told of each message taken. */
  readonly tracking?: Tracking;
}): Receiver {
  const { spool, events, clock, metrics, hostname, certificates } = options;
  let settings = options.settings;
  const ledger = createMemoryLedger();
  const limitUsage = createLimitUsage({
    clock,
    ipv6SourcePrefixLength: () => settings.ipv6SourcePrefixLength,
  });
  const usage: LimitUsage = {
    ...limitUsage,
    entered(connector, source, countsAfter) {
      metrics.connected(connector);
      limitUsage.entered(connector, source, countsAfter);
    },
    refused(connector, source, refusal) {
      metrics.refused(connector, refusal.limit, source, clock.now());
      limitUsage.refused(connector, source, refusal);
    },
  };
  const refusals = createRefusals(clock, events, usage);
  const door = createDoor({ ledger, clock, events, refusals, usage });
  const waitingRoom = createWaitingRoom(clock);
  const accounts = createAccounts(settings.users);
  const sessions = createSessions({ hostname, clock, protocolLog: options.protocolLog });
  const discredited = new LRUCache<string, true>({
    max: 10_000,
    ttl: discreditMs,
    perf: { now: () => clock.now() },
  });
  const stopping = new AbortController();

  const services: SessionServices = {
    spool,
    events,
    clock,
    metrics,
    tracking: options.tracking ?? noTracking,
    greeting: (connector) => greeting(connector, clock.wall()),
    tlsContext: (connector) => (offersTls(connector) ? certificates.contextFor(connector) : undefined),
    authenticate: (user, password) => accounts.authenticate(user, password),
    refuseMessage(state, isEnding) {
      const client = clientOf(state);
      const outcome = door.admitMessage(client, state.authenticatedUser, false);
      if (outcome === "admitted") return undefined;
      if (outcome !== "held") return outcome;
      return waitForRate(
        door,
        client,
        state.authenticatedUser,
        clock,
        () => isEnding() || stopping.signal.aborted,
      );
    },
    pressure: options.pressure,
    refusedByPressure: (state, verdict) =>
      refusals.pressure(clientOf(state), state.authenticatedUser, verdict),
    limitReached: (state, reply, setting, configured) =>
      refusals.session(clientOf(state), reply, setting, configured),
    isDiscredited: (peer) => discredited.size > 0 && discredited.has(peer.source),
    leftInTarpit: (peer) => discredited.set(peer.source, true),
    ended(state) {
      const ended = sessions.end(state);
      if (ended === undefined) return;
      const { connector, source, lease } = ended.admitted;
      lease.end();
      usage.left(connector.name, source, ended.openedAt);
      waitingRoom.placeFreed(connector.name);
    },
  };

  const open = (socket: Socket, admitted: Admitted, endpoint: Endpoint): void =>
    sessions.open(socket, admitted, endpoint, services, settings.acceptedDomains);

  /** Lets a connection wait for a place; without room for it, it is refused after all. */
  const hold = (socket: Socket, held: Held, endpoint: Endpoint): void => {
    const enter = (): boolean => {
      const admitted = held.enter();
      if (admitted === undefined) return false;
      socket.removeListener("close", leave);
      open(socket, admitted, endpoint);
      return true;
    };
    const refuse = (): void => {
      socket.removeListener("close", leave);
      turnAway(socket, held.refuse());
    };
    const leave = (): void => waiter?.leave();
    socket.on("error", () => socket.destroy());
    socket.on("close", leave);
    const waiter = waitingRoom.wait(held.connector.name, held.source, held.delayMs, enter, refuse);
    if (waiter === undefined) refuse();
  };

  const admit = (socket: Socket, endpoint: Endpoint, local: string, remoteAddress: string): void => {
    const arrival = { local: { address: local, port: endpoint.port }, remoteAddress };
    const admission = door.admit(arrival, settings);
    switch (admission.kind) {
      case "admitted":
        return open(socket, admission.admitted, endpoint);
      case "held":
        return hold(socket, admission.held, endpoint);
      case "refused":
        return turnAway(socket, admission.reply);
    }
  };

  /** Behind a load balancer the true source is told first. */
  const admitProxied = async (
    socket: Socket,
    endpoint: Endpoint,
    local: string,
    balancer: string,
  ): Promise<void> => {
    socket.on("error", () => socket.destroy());
    const proxied = await readProxySource(socket, clock);
    if (proxied === undefined) {
      events.emit("ProxyHeaderRefused", { source: balancer });
      socket.destroy();
    } else {
      admit(socket, endpoint, local, proxied.source?.address ?? balancer);
    }
  };

  const arrive = (socket: Socket, endpoint: Endpoint): void => {
    const { remoteAddress } = socket;
    const local = localAddressOf(socket, endpoint);
    const peer = remoteAddress === undefined ? undefined : parseAddress(remoteAddress);
    // The client is gone already.
    if (remoteAddress === undefined || local === undefined) {
      socket.destroy();
    } else if (peer !== undefined && settings.proxyProtocolFrom.some((range) => contains(range, peer))) {
      void admitProxied(socket, endpoint, local, formatAddress(peer));
    } else {
      admit(socket, endpoint, local, remoteAddress);
    }
  };

  const listeners = createListeners(events, arrive, (endpoint) => sessions.countOn(endpoint));

  return {
    async start() {
      await certificates.load("receive", settings.receiveConnectors.filter(offersTls));
      return listeners.apply(settings.receiveConnectors);
    },
    async reconfigure(next) {
      settings = next;
      accounts.replace(next.users);
      await certificates.load("receive", next.receiveConnectors.filter(offersTls));
      return listeners.apply(next.receiveConnectors);
    },
    get listeners() {
      return listeners.open;
    },
    get sessions() {
      return sessions.size;
    },
    openSessions: () => sessions.all(),
    waiting: (connector) => waitingRoom.waiting(connector),
    ledger,
    usage,
    async stop(graceMs) {
      await listeners.close();
      stopping.abort();
      waitingRoom.close();
      await sessions.stop(graceMs);
    },
  };
}

/** The address the client connected to; only a wildcard has to ask the system. Undefined: the client is gone. */
function localAddressOf(socket: Socket, endpoint: Endpoint): string | undefined {
  if (endpoint.address !== "0.0.0.0" && endpoint.address !== "::") return endpoint.address;
  const local = socket.localAddress === undefined ? undefined : parseAddress(socket.localAddress);
  return local && formatAddress(local);
}

function clientOf({ connector, peer }: SessionState): Client {
  return { connector, address: peer.address, source: peer.source };
}

function offersTls({ authMechanism }: ReceiveConnectorSettings): boolean {
  return authMechanism.includes("Tls");
}

function greeting(connector: ReceiveConnectorSettings, date: Date): Reply {
  return {
    code: 220,
    text: connector.banner ?? `${connector.fqdn} Weir ESMTP MAIL Service ready at ${mailDate(date)}`,
  };
}

/** How long a refused client may take to read its reply. */
const turnAwayMs = 2_000;

function turnAway(socket: Socket, reply: Reply): void {
  socket.on("error", () => socket.destroy());
  socket.setTimeout(turnAwayMs, () => socket.destroy());
  socket.resume();
  socket.end(encodeReply(reply, true));
}
