/** The receiving half put together: listeners, the door, sessions, and how they stop. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import type { Application } from "../core/policy/application.ts";
import type { PressureVerdict } from "../core/policy/back-pressure.ts";
import { rightsOfClient } from "../core/policy/rights-of-client.ts";
import {
  chooseReceiveConnector,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../core/policy/receive-connector.ts";
import { listeningText, type ListeningEndpoint } from "../core/policy/listening-endpoint.ts";
import { formatAddress, parseAddress } from "../core/units/ip-address.ts";
import type { GrantingReply } from "../core/smtp/reply.ts";
import { mailDate } from "../core/message/received.ts";
import type { Events } from "../events/events.ts";
import type { ProtocolLog } from "../logs/protocol-log.ts";
import type { HttpRequest } from "../ports/http-request.ts";
import type { Clock } from "../ports/ports.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { SpoolIntake } from "../spool/spool.ts";
import type { SpoolInspection } from "../spool/spool-inspection.ts";
import { noTracking, type Tracking, type TrackingLog } from "../tracking/tracking.ts";
import { noTraffic, type Traffic } from "../traffic/traffic.ts";
import { createDoor } from "./admission/admission.ts";
import { createDiscredits, type Discredit, type DiscreditNews } from "./admission/discredits.ts";
import type { Ledger, LedgerEntry } from "./admission/ledger.ts";
import { createMemoryLedger } from "./admission/memory-ledger.ts";
import { createRefusals } from "./admission/refusals.ts";
import { createLimitUsage, type LimitUsage } from "./admission/usage.ts";
import type { RecipientDays } from "./admission/recipient-days.ts";
import { createRateWaiters } from "./admission/rate-waiters.ts";
import type { ApiKeys } from "./authentication/api-keys.ts";
import { createLogons, type LogonSettings } from "./authentication/logons.ts";
import { createListeners, type FailedListener, type Listener } from "./connection/listeners.ts";
import { createFrontDoor, type FrontDoorSettings } from "./front-door.ts";
import { createLearningWatch } from "./learning-watch.ts";
import { openBySource } from "./open-by-source.ts";
import type { HttpConnection } from "./http/http-connection.ts";
import type { HttpDoor } from "./http/http-door.ts";
import type { HttpServices } from "./http/http-services.ts";
import type { SessionServices } from "./session/services.ts";
import { sessionIds } from "./session-ids.ts";
import type { SessionState } from "./session/state.ts";
import { createSessions, type OpenSession } from "./sessions.ts";
import { createSubmissions, type Submissions } from "./submission/submissions.ts";
import type { Certificates } from "./tls/certificates.ts";
import type { LegacyTlsClients, MetLegacyClient } from "./tls/legacy-clients.ts";
import { isOldVersion } from "./tls/server-contexts.ts";
import { clientOf, createTransactionServices, refusedClient } from "./transaction/create-services.ts";
import { accountOf } from "./transaction/submitter.ts";

export interface ReceiverSettings extends FrontDoorSettings {
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly users: LogonSettings["users"];
  readonly tokenIssuers: LogonSettings["tokenIssuers"];
  readonly directory: LogonSettings["directory"];
  readonly apiKeys: LogonSettings["apiKeys"];
  readonly applications: readonly Application[];
}

export interface Receiver {
  /** Loads certificates and opens the listeners. Returns the endpoints that could not be opened. */
  start(): Promise<readonly FailedListener[]>;
  /** Applies to connections from now on; open sessions keep what they came in under. */
  reconfigure(settings: ReceiverSettings): Promise<readonly FailedListener[]>;
  readonly listeners: readonly Listener[];
  /** Endpoints that are wanted and not listened on. */
  readonly failedListeners: readonly FailedListener[];
  readonly sessions: number;
  openSessions(): Iterable<OpenSession>;
  /** Those of HTTP; counted in `sessions` as well. */
  httpConnections(): Iterable<HttpConnection>;
  /** Connections that wait for a place, by connector. */
  waiting(connector: string): number;
  /** Of all nodes that share the limits. */
  readonly ledger: Ledger;
  /** Open connections here, by connector and source. Cost: a look at each session. */
  openBySource(): readonly LedgerEntry[];
  readonly usage: LimitUsage;
  /** For doors that do not speak SMTP. */
  readonly submissions: Submissions;
  discredits(): readonly Discredit[];
  readonly recipientDays: RecipientDays;
  /** Behind each change of `isSuspended`: who waits is judged anew. */
  suspensionChanged(): Promise<void>;
  /**
   * The relay's own test will connect from there: where no connector is for it, it is greeted, and nobody told. Returns
   * what ends that.
   */
  expectProbe(source: Endpoint): () => void;
  /** This node's places are about to be counted as free by others: all sessions end. */
  endSessions(): void;
  /** Stops accepting, lets content under way finish for `graceMs`, answers 421 to the rest. */
  stop(graceMs: number): Promise<void>;
}

export function createReceiver(options: {
  readonly settings: ReceiverSettings;
  readonly hostname: string;
  readonly certificates: Certificates;
  readonly legacyTls: LegacyTlsClients;
  readonly recipientDays: RecipientDays;
  readonly apiKeys: ApiKeys;
  readonly spool: SpoolIntake;
  readonly events: Events;
  readonly clock: Clock;
  readonly protocolLog: ProtocolLog;
  readonly metrics: Metrics;
  /** For the keys of token issuers. */
  readonly http: HttpRequest;
  /** No new mail is taken: connections and MAIL are answered 421, what is under way ends. Cost: one look-up. */
  readonly isSuspended: () => boolean;
  /** What back pressure asks for now. Cost: one look-up. */
  readonly pressure: () => PressureVerdict | undefined;
  /** Told of each message taken. */
  readonly tracking?: Tracking & Partial<Pick<TrackingLog, "search">>;
  /** For clients that ask what became of their messages. */
  readonly inspection?: Pick<SpoolInspection, "find">;
  /** Told of each connection and submission. */
  readonly traffic?: Traffic;
  /** That of all nodes; undefined: this process counts for itself. */
  readonly ledger?: Ledger | undefined;
  /** What all nodes know of sources that are not worth waiting for. */
  readonly sharedDiscredits?: DiscreditNews | undefined;
}): Receiver {
  const { traffic = noTraffic } = options;
  const { spool, events, clock, metrics, hostname, certificates, legacyTls, recipientDays } = options;
  let settings = options.settings;
  let rightsOf = rightsOfClient(settings.users, settings.applications);
  const ledger = options.ledger ?? createMemoryLedger(clock);
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
      metrics.refused(refusal, source, clock.now());
      limitUsage.refused(connector, source, refusal);
    },
    wouldRefuse(connector, source, refusal) {
      metrics.wouldRefuse(refusal, source, clock.now());
      limitUsage.wouldRefuse(connector, source, refusal);
    },
  };
  const refusals = createRefusals({ clock, events, usage, applications: () => settings.applications });
  const door = createDoor({ ledger, clock, refusals, usage, traffic, isSuspended: options.isSuspended });
  const logons = createLogons(settings, {
    clock,
    events,
    http: options.http,
    apiKeys: options.apiKeys,
  });
  const nextId = sessionIds();
  const sessions = createSessions({ hostname, clock, protocolLog: options.protocolLog, nextId });
  const discredits = createDiscredits({ clock, events, shared: options.sharedDiscredits });
  const learning = createLearningWatch(clock, events);
  const stopping = new AbortController();
  const rateWaiters = createRateWaiters({
    door,
    clock,
    connectors: () => settings.receiveConnectors,
    stopping: stopping.signal,
  });

  const transactions = createTransactionServices({
    spool,
    events,
    clock,
    metrics,
    tracking: options.tracking ?? noTracking,
    traffic,
    isSuspended: options.isSuspended,
    pressure: options.pressure,
    limitsOf: (address, user, nearest) => rightsOf(address, user, nearest),
    recipientDays,
    applications: () => settings.applications,
    door,
    refusals,
    rateWaiters,
    discredits,
  });
  const submissions = createSubmissions({
    services: transactions,
    acceptedDomains: () => settings.acceptedDomains,
    nextId,
  });
  const services: SessionServices = {
    ...transactions,
    greeting: (connector) => greeting(connector, clock.wall()),
    tlsContexts: (connector) => (offersTls(connector) ? certificates.contextsFor(connector) : undefined),
    ...logons,
    refuseAgain: (state, what, earlier) => refusals.refuseAgain(refusedClient(state), what, earlier),
    tellRefusal(state, kind, facts) {
      if (kind === "tlsVersionTooOld") legacyTls.met(legacyClient(state));
      traffic.refused(state.connection, kind);
      refusals.tell(refusedClient(state), kind, facts);
    },
    isDiscredited: (state) => discredits.has(clientOf(state)),
    leftInTarpit: (state) => discredits.begin(clientOf(state)),
    ended(state) {
      const ended = sessions.end(state);
      if (ended === undefined) return;
      if (state.tls !== undefined && isOldVersion(state.tls.protocol)) legacyTls.met(legacyClient(state));
      ended.admitted.lease.end();
      frontDoor.placeFreed(ended.admitted.connector.name);
    },
  };

  const httpServices: HttpServices = {
    ...transactions,
    ...logons,
    submissions,
    history: { search: (filter) => options.tracking?.search?.(filter) ?? Promise.resolve([]) },
    inspection: { find: (id) => options.inspection?.find(id) ?? Promise.resolve(undefined) },
    hostname,
    protocolLog: options.protocolLog,
    settings: () => settings,
    connectors: () => settings.receiveConnectors,
    connectorNow: ({ client, endpoint, socket }) => {
      const peer = parseAddress(client.address);
      const local = parseAddress(socket.localAddress ?? "");
      if (peer === undefined || local === undefined) return undefined;
      const arrivedAt = { address: formatAddress(local), port: endpoint.port };
      const chosen = chooseReceiveConnector(settings.receiveConnectors, arrivedAt, peer, "HTTP");
      return chosen?.name === client.connector.name ? chosen : undefined;
    },
    tlsContexts: (connector) => certificates.contextsFor(connector),
    tell({ client, anonymous }, kind, facts) {
      traffic.refused(anonymous.connection, kind);
      refusals.tell(client, kind, facts);
    },
    messagesLeft: (submitter) =>
      door.messagesLeft(clientOf(submitter), accountOf(submitter), submitter.limits),
    isDiscredited: (client) => discredits.has(client),
    leftInTarpit: (client) => discredits.begin(client),
    metOldTls: ({ client: { connector, address }, tls, user, userAgent }) =>
      legacyTls.met({
        connector: connector.name,
        address,
        helloName: userAgent ?? "",
        version: tls?.protocol,
        cipher: tls?.cipher,
        user,
      }),
    placeFreed: (connector) => frontDoor.placeFreed(connector),
  };
  let httpDoor: HttpDoor | undefined;
  /** Loaded with the first connector that has httpBindings, behind whom SMTP lets in by then. */
  const makeReady = async (endpoint: ListeningEndpoint): Promise<void> => {
    if (httpDoor !== undefined || endpoint.door !== "HTTP") return;
    await nextTurn();
    const [{ createHttpDoor }, { createRequests }] = await Promise.all([
      import("./http/http-door.ts"),
      import("./http/requests.ts"),
    ]);
    httpDoor = createHttpDoor(httpServices, createRequests(httpServices));
  };
  const openByHttp = (): readonly HttpConnection[] => [...(httpDoor?.connections() ?? [])];

  const frontDoor = createFrontDoor({
    door,
    clock,
    events,
    settings: () => settings,
    open(socket, admitted, endpoint, isTls) {
      if (endpoint.door === "HTTP") httpDoor?.open(socket, admitted, endpoint);
      else sessions.open(socket, admitted, endpoint, services, settings.acceptedDomains, isTls);
    },
    turnAwayByHttp: (socket, reply, endpoint) => httpDoor?.turnAway(socket, reply, endpoint),
    tlsContexts: (connector) => services.tlsContexts(connector),
  });
  const listeners = createListeners(
    events,
    (socket, endpoint) => frontDoor.arrive(socket, endpoint),
    (endpoint) =>
      endpoint.door === "HTTP"
        ? openByHttp().filter((one) => listeningText(one.endpoint) === listeningText(endpoint)).length
        : sessions.countOn(endpoint),
    clock,
    makeReady,
  );

  return {
    async start() {
      await certificates.load("receive", settings.receiveConnectors.filter(needsCertificate));
      learning.watch(settings.receiveConnectors);
      return listeners.apply(settings.receiveConnectors);
    },
    async reconfigure(next) {
      settings = next;
      logons.replace(next);
      rightsOf = rightsOfClient(next.users, next.applications);
      rateWaiters.settingsChanged();
      learning.watch(next.receiveConnectors);
      await frontDoor.settingsChanged();
      await certificates.load("receive", next.receiveConnectors.filter(needsCertificate));
      return listeners.apply(next.receiveConnectors);
    },
    get listeners() {
      return listeners.open;
    },
    get failedListeners() {
      return listeners.failed;
    },
    get sessions() {
      return sessions.size + openByHttp().length;
    },
    openSessions: () => sessions.all(),
    httpConnections: () => openByHttp(),
    waiting: (connector) => frontDoor.waiting(connector),
    ledger,
    suspensionChanged: () => frontDoor.settingsChanged(),
    expectProbe: (source) => frontDoor.expectProbe(source),
    openBySource: () => openBySource(sessions.bySource(), openByHttp()),
    usage,
    submissions,
    discredits: () => discredits.all(),
    recipientDays,
    endSessions() {
      sessions.away();
      httpDoor?.away();
    },
    async stop(graceMs) {
      await listeners.close();
      stopping.abort();
      learning.stop();
      frontDoor.close();
      await Promise.all([sessions.stop(graceMs), httpDoor?.stop(graceMs)]);
    },
  };
}

function legacyClient({ connector, peer, hello, tls, authenticatedUser }: SessionState): MetLegacyClient {
  return {
    connector: connector.name,
    address: peer.address,
    helloName: hello?.name ?? "",
    version: tls?.protocol,
    cipher: tls?.cipher,
    user: authenticatedUser,
  };
}

function offersTls({ authMechanism }: ReceiveConnectorSettings): boolean {
  return authMechanism.includes("Tls");
}

/** HTTPS needs no STARTTLS. */
function needsCertificate(connector: ReceiveConnectorSettings): boolean {
  return offersTls(connector) || connector.httpBindings.length > 0;
}

function greeting(connector: ReceiveConnectorSettings, date: Date): GrantingReply {
  return {
    code: 220,
    text: connector.banner ?? `${connector.fqdn} Weir ESMTP MAIL Service ready at ${mailDate(date)}`,
  };
}
