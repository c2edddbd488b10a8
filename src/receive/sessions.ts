/** The open sessions: each with its place in the ledger, its deadlines, and what people want to know of it. */
import type { Socket } from "node:net";
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import type { SessionRights } from "../core/policy/client-rights.ts";
import { listeningText, type ListeningEndpoint } from "../core/policy/listening-endpoint.ts";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import { rightsOf } from "../core/policy/relay-permission.ts";
import { nothingOffered } from "../core/smtp/extensions.ts";
import { TurnoverMap } from "../core/turnover/places.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import type { ProtocolLog } from "../logs/protocol-log.ts";
import type { Clock } from "../ports/ports.ts";
import type { Admitted } from "./admission/admission.ts";
import type { LedgerEntry } from "./admission/ledger.ts";
import { Connection } from "./connection/connection.ts";
import { createDeadlines, type Watched } from "./connection/deadlines.ts";
import { Session } from "./session/session.ts";
import type { SessionServices } from "./session/services.ts";
import type { SessionState } from "./session/state.ts";
import { createTranscript, type SessionTranscript } from "./session/transcript.ts";

export interface OpenSession {
  readonly session: Session;
  readonly admitted: Admitted;
  /** At the deadlines. */
  readonly watched: Watched;
  readonly watch: number;
  /** The endpoint it came in on, as configured. */
  readonly endpoint: ListeningEndpoint;
  /** `Clock.now()`. */
  readonly openedAt: number;
}

export interface Sessions {
  open(
    socket: Socket,
    admitted: Admitted,
    endpoint: ListeningEndpoint,
    services: SessionServices,
    domains: readonly AcceptedDomain[],
    /** TLS comes before the greeting. */
    beginsWithTls: boolean,
  ): void;
  /** Forgets an ended session; undefined when it was not one of these. */
  end(state: SessionState): OpenSession | undefined;
  readonly size: number;
  all(): Iterable<OpenSession>;
  countOn(endpoint: ListeningEndpoint): number;
  bySource(): readonly LedgerEntry[];
  /** Ends all with 421; those that wait for the reply to their content behind that. */
  away(): void;
  /**
   * Answers 421 to the idle, lets the others finish for `graceMs`, then ends them; those that wait for the disk get
   * some seconds more for their reply.
   */
  stop(graceMs: number): Promise<void>;
}

/** How long a commit may take beyond the grace before its client is left without a reply. */
const commitGraceMs = 5_000;

export function createSessions(options: {
  readonly hostname: string;
  readonly clock: Clock;
  readonly protocolLog: ProtocolLog;
  readonly nextId: () => string;
}): Sessions {
  const { hostname, clock, protocolLog, nextId } = options;
  const deadlines = createDeadlines(clock);
  const sessions = new TurnoverMap<string, OpenSession>();
  /** One for all: a closure of each connection's own would keep its whole session as long as the system keeps the socket. */
  const now = (): number => clock.now();
  let whenEmpty: (() => void) | undefined;

  const transcriptOf = (state: SessionState, local: Endpoint): SessionTranscript | undefined =>
    state.connector.protocolLoggingLevel === "None"
      ? undefined
      : createTranscript(
          protocolLog.session({
            connectorId: `${hostname}\\${state.connector.name}`,
            sessionId: state.id,
            localEndpoint: formatEndpoint(local),
            remoteEndpoint: formatEndpoint(state.peer),
          }),
        );

  const emptyWithin = async (graceMs: number): Promise<void> => {
    if (sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = clock.after(graceMs, resolve);
      whenEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
  };

  return {
    open(socket, admitted, endpoint, services, acceptedDomains, beginsWithTls) {
      const connection = new Connection(socket, now);
      const limits = services.limitsOf(admitted.address, undefined);
      const state = newState(nextId(), admitted, acceptedDomains, limits, socket.remotePort ?? 0);
      const session = new Session(state, services, connection, transcriptOf(state, endpoint));
      const watched: Watched = {
        connection,
        inactivityTimeout: () => session.inactivityTimeoutMs,
        totalTimeout: admitted.connector.connectionTimeout,
        isWaiting: () => session.isWaiting,
        timedOut: () => session.timedOut(),
      };
      const watch = deadlines.watch(watched);
      sessions.set(state.id, {
        session,
        admitted,
        watched,
        watch,
        endpoint,
        openedAt: connection.openedAt,
      });
      session.open(beginsWithTls);
    },
    end(state) {
      const open = sessions.get(state.id);
      if (open === undefined) return undefined;
      sessions.delete(state.id);
      deadlines.forget(open.watch, open.watched);
      if (sessions.size === 0) whenEmpty?.();
      return open;
    },
    get size() {
      return sessions.size;
    },
    all: () => sessions.values(),
    countOn(endpoint) {
      const key = listeningText(endpoint);
      let count = 0;
      for (const open of sessions.values()) if (listeningText(open.endpoint) === key) count++;
      return count;
    },
    bySource() {
      const counts = new Map<string, { connector: string; source: string; open: number }>();
      for (const { admitted } of sessions.values()) {
        const { source, connector } = admitted;
        const key = `${source} ${connector.name}`;
        const count = counts.get(key);
        if (count === undefined) counts.set(key, { connector: connector.name, source, open: 1 });
        else count.open++;
      }
      return [...counts.values()];
    },
    away() {
      for (const { session } of sessions.values()) session.away();
    },
    async stop(graceMs) {
      for (const { session } of sessions.values()) session.stop();
      await emptyWithin(graceMs);
      for (const { session } of sessions.values()) session.abort();
      await emptyWithin(commitGraceMs);
      for (const { session } of sessions.values()) session.breakOff();
      deadlines.close();
    },
  };
}

function newState(
  id: string,
  admitted: Admitted,
  acceptedDomains: readonly AcceptedDomain[],
  limits: SessionRights,
  port: number,
): SessionState {
  return {
    door: "SMTP",
    id,
    connection: admitted.connection,
    connector: admitted.connector,
    watch: admitted.watch,
    acceptedDomains,
    peer: { address: admitted.address, port, source: admitted.source },
    hello: undefined,
    offered: nothingOffered,
    tls: undefined,
    authenticatedUser: undefined,
    rights: rightsOf(admitted.connector, { authenticated: false }),
    limits,
    receivedPrefix: undefined,
    transaction: undefined,
    lastRefusal: undefined,
    protocolErrors: 0,
    logonFailures: 0,
    messages: 0,
  };
}
