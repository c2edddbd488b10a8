/** The receiving half put together: listeners, the door, sessions, and how they stop. */
import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { LRUCache } from "lru-cache";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import { rightsOf } from "../core/policy/relay-permission.ts";
import type { Endpoint, ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { nothingOffered } from "../core/smtp/extensions.ts";
import { encodeReply, type Reply } from "../core/smtp/reply.ts";
import { mailDate } from "../core/message/received.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import { formatAddress, parseAddress } from "../core/units/ip-address.ts";
import type { Events } from "../events/events.ts";
import type { ProtocolLog, ProtocolSession } from "../logs/protocol-log.ts";
import type { Clock } from "../ports/ports.ts";
import type { Spool } from "../spool/spool.ts";
import { createAdmission, type Admitted, type AdmissionSettings } from "./admission/admission.ts";
import { createMemoryLedger } from "./admission/memory-ledger.ts";
import type { Ledger } from "./admission/ledger.ts";
import { createAccounts, type Account } from "./authentication/accounts.ts";
import { Connection } from "./connection/connection.ts";
import { createDeadlines, type Watched } from "./connection/deadlines.ts";
import { createListeners, type Listener } from "./connection/listeners.ts";
import { Session } from "./session/session.ts";
import type { SessionServices } from "./session/services.ts";
import type { SessionState } from "./session/state.ts";
import { createCertificates } from "./tls/certificates.ts";

export interface ReceiverSettings extends AdmissionSettings {
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly users: readonly Account[];
}

export interface Receiver {
  /** Loads certificates and opens the listeners. Returns the endpoints that could not be opened. */
  start(): Promise<readonly { endpoint: Endpoint; error: Error }[]>;
  /** Applies to connections from now on; open sessions keep what they came in under. */
  reconfigure(settings: ReceiverSettings): Promise<readonly { endpoint: Endpoint; error: Error }[]>;
  readonly listeners: readonly Listener[];
  readonly sessions: number;
  readonly ledger: Ledger;
  /** Stops accepting, lets content under way finish for `graceMs`, answers 421 to the rest. */
  stop(graceMs: number): Promise<void>;
}

interface OpenSession {
  readonly session: Session;
  readonly admitted: Admitted;
  readonly watched: Watched;
  readonly endpoint: Endpoint;
}

/** An address that hung up in a tarpit is held back from its first reply on, for this long. */
const discreditMs = 60 * 60_000;

export function createReceiver(options: {
  readonly settings: ReceiverSettings;
  readonly hostname: string;
  readonly tlsDirectory: string;
  readonly spool: Spool;
  readonly events: Events;
  readonly clock: Clock;
  readonly protocolLog: ProtocolLog;
}): Receiver {
  const { spool, events, clock } = options;
  let settings = options.settings;
  const ledger = createMemoryLedger();
  const admission = createAdmission(ledger, clock, events);
  const accounts = createAccounts(settings.users);
  const certificates = createCertificates({
    directory: options.tlsDirectory,
    hostname: options.hostname,
    clock,
    events,
  });
  const deadlines = createDeadlines(clock);
  const discredited = new LRUCache<string, true>({
    max: 10_000,
    ttl: discreditMs,
    perf: { now: () => clock.now() },
  });
  const sessions = new Map<Session, OpenSession>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  let whenEmpty: (() => void) | undefined;
  let sessionSequence = BigInt(`0x${randomBytes(7).toString("hex")}`);

  const services: SessionServices = {
    spool,
    events,
    clock,
    stopping: stopping.signal,
    greeting: (connector) => greeting(connector, clock.wall()),
    tlsContext: (connector) => certificates.contextFor(connector),
    authenticate: (user, password) => accounts.authenticate(user, password),
    refuseMessage: ({ connector, peer, authenticatedUser }) =>
      admission.refuseMessage(connector, { address: peer.address, source: peer.source, authenticatedUser }),
    isDiscredited: (peer) => discredited.size > 0 && discredited.has(peer.source),
    leftInTarpit: (peer) => discredited.set(peer.source, true),
    ended(session) {
      const open = sessions.get(session);
      if (open === undefined) return;
      sessions.delete(session);
      open.admitted.lease.end();
      deadlines.forget(open.watched);
      if (sessions.size === 0) whenEmpty?.();
    },
  };

  const newState = (admitted: Admitted, port: number): SessionState => ({
    id: (sessionSequence++).toString(16).toUpperCase().padStart(16, "0"),
    connector: admitted.connector,
    acceptedDomains: settings.acceptedDomains,
    peer: { address: admitted.address, port, source: admitted.source },
    hello: undefined,
    offered: nothingOffered,
    tls: undefined,
    authenticatedUser: undefined,
    rights: rightsOf(admitted.connector, { authenticated: false }),
    receivedPrefix: undefined,
    transaction: undefined,
    protocolErrors: 0,
    logonFailures: 0,
    messages: 0,
  });

  const transcriptOf = (state: SessionState, local: Endpoint): ProtocolSession | undefined =>
    state.connector.protocolLoggingLevel === "None"
      ? undefined
      : options.protocolLog.session({
          connectorId: `${options.hostname}\\${state.connector.name}`,
          sessionId: state.id,
          localEndpoint: formatEndpoint(local),
          remoteEndpoint: formatEndpoint(state.peer),
        });

  const arrive = (socket: Socket, endpoint: Endpoint): void => {
    const { remoteAddress, remotePort, localAddress } = socket;
    const local = localAddress === undefined ? undefined : parseAddress(localAddress);
    // The client is gone already.
    if (remoteAddress === undefined || local === undefined) {
      socket.destroy();
      return;
    }
    const arrival = { local: { address: formatAddress(local), port: endpoint.port }, remoteAddress };
    const admitted = admission.admit(arrival, settings);
    if ("refused" in admitted) {
      turnAway(socket, admitted.refused);
      return;
    }
    const connection = new Connection(socket, () => clock.now());
    const state = newState(admitted, remotePort ?? 0);
    const session = new Session(state, services, connection, transcriptOf(state, arrival.local));
    const watched: Watched = {
      connection,
      inactivityTimeout: admitted.connector.connectionInactivityTimeout,
      totalTimeout: admitted.connector.connectionTimeout,
      isWaiting: () => session.isWaiting,
      timedOut: () => session.timedOut(),
    };
    sessions.set(session, { session, admitted, watched, endpoint });
    deadlines.watch(watched);
    session.open();
  };

  const listeners = createListeners(events, arrive, (endpoint) => {
    const key = formatEndpoint(endpoint);
    let count = 0;
    for (const open of sessions.values()) if (formatEndpoint(open.endpoint) === key) count++;
    return count;
  });

  return {
    async start() {
      await certificates.load(settings.receiveConnectors);
      return listeners.apply(settings.receiveConnectors);
    },
    async reconfigure(next) {
      settings = next;
      accounts.replace(next.users);
      await certificates.load(next.receiveConnectors);
      return listeners.apply(next.receiveConnectors);
    },
    get listeners() {
      return listeners.open;
    },
    get sessions() {
      return sessions.size;
    },
    ledger,
    async stop(graceMs) {
      await listeners.close();
      stopping.abort();
      for (const { session } of sessions.values()) session.stop();
      if (sessions.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = clock.after(graceMs, resolve);
          whenEmpty = () => {
            timer.cancel();
            resolve();
          };
        });
      }
      for (const { session } of sessions.values()) session.abort();
      certificates.close();
      deadlines.close();
    },
  };
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
