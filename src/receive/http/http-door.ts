/**
 * The HTTP door: connections that the front door let in, TLS or not, requests one after the other, and how all that ends.
 * Node's server reads the protocol; it listens nowhere itself, so that connectors, limits, PROXY headers and waiting are
 * those of SMTP.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ListeningEndpoint } from "../../core/policy/listening-endpoint.ts";
import { covers } from "../../core/policy/receive-connector.ts";
import { tlsFailureOf } from "../../core/refusals/tls-failure.ts";
import { refused, type Refused, type ToldRefusal } from "../../core/refusals/refusal.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Timer } from "../../ports/ports.ts";
import type { Admitted } from "../admission/admission.ts";
import type { Client } from "../admission/client.ts";
import { watchConnection } from "../admission/connection-watch.ts";
import { isOldVersion, serverTlsOptions, type ServerContexts } from "../tls/server-contexts.ts";
import type { Submitter } from "../transaction/submitter.ts";
import { tellFault } from "../transaction/tell-fault.ts";
import { onFirstOctet } from "./first-octet.ts";
import { brokenRequest, rawAnswer } from "./broken-request.ts";
import type { HttpConnection } from "./http-connection.ts";
import { HttpExchange } from "./http-exchange.ts";
import { shownInLog } from "./log-line.ts";
import type { HttpServices } from "./http-services.ts";
import { isThisMachine } from "./this-machine.ts";

export interface HttpDoor {
  open(socket: Socket, admitted: Admitted, endpoint: ListeningEndpoint): void;
  /** Refuses a connection: its first request is answered so. It stands outside all limits, and is gone soon. */
  turnAway(socket: Socket, reply: ToldRefusal, endpoint: ListeningEndpoint): void;
  /** Open connections that have a place. */
  connections(): Iterable<HttpConnection>;
  /** The database of all nodes is away: closes what is idle, and the others behind their answers; what comes in yet is broken off. */
  away(): void;
  /** Closes what is idle, lets requests under way end for `graceMs`, answers 503 to the rest. */
  stop(graceMs: number): Promise<void>;
}

/** Many recipients may stand in it (Rcpt-To). Octets. */
const maxHeaderBytes = 64 * 1024;
const headerTimeoutMs = 10_000;
const handshakeTimeoutMs = 10_000;
const turnedAwayMs = 5_000;
const mostTurnedAway = 500;
const sweepMs = 500;
/** How long a closing connection may take to read its last answer. */
const lingerMs = 3_000;
/** How long a commit may take beyond the grace of a stop. */
const commitGraceMs = 5_000;
/** Requests that a client may send ahead. */
const mostAhead = 32;
/** What is left of a body that was refused is read for so long, lest the answer be lost. */
const drainMs = 2_000;
const drainBytes = 4 * 1024 * 1024;

export function createHttpDoor(
  services: HttpServices,
  answerRequest: (exchange: HttpExchange) => Promise<void>,
): HttpDoor {
  const { clock, submissions } = services;
  const connections = new Map<Socket, HttpConnection>();
  const closingSince = new WeakMap<HttpConnection, number>();
  const draining = new WeakMap<HttpConnection, { readonly since: number; readonly fromBytes: number }>();
  let turnedAway = 0;
  let stopping = false;
  let timer: Timer | undefined;
  let whenEmpty: (() => void) | undefined;

  const server: Server = createServer({
    maxHeaderSize: maxHeaderBytes,
    // Deadlines are kept here, by the relay's clock.
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    insecureHTTPParser: false,
    // It is asked for here, where the refusal is told.
    requireHostHeader: false,
    noDelay: true,
  });
  server.timeout = 0;
  // Who sends no more may still read: an answer that is lost has its message sent twice.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  // More would be left out without a word; maxHeaderSize bounds them.
  server.maxHeadersCount = 0;
  server.on("request", (request, response) => serve(request, response, false));
  // Other expectations are nobody's; Node would answer them past the limits.
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) =>
    serve(request, response, false),
  );
  server.on("checkContinue", (request, response) => serve(request, response, true));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const connection = connections.get(socket as Socket);
    const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
    if (connection !== undefined) broken(connection, brokenRequest(error.code), status);
    else socket.destroy();
  });

  const newConnection = (
    socket: Socket,
    client: Client,
    endpoint: ListeningEndpoint,
    { lease, connection: number }: Pick<Admitted, "lease" | "connection">,
    refusal?: ToldRefusal,
  ): HttpConnection => {
    const anonymous = submitterOf(client, socket, number);
    const { connector } = client;
    const log =
      connector.protocolLoggingLevel === "None"
        ? undefined
        : services.protocolLog.session({
            connectorId: `${services.hostname}\\${connector.name}`,
            sessionId: anonymous.id,
            localEndpoint: formatEndpoint(endpoint),
            remoteEndpoint: formatEndpoint({ address: client.address, port: socket.remotePort ?? 0 }),
          });
    const connection: HttpConnection = {
      client,
      endpoint,
      anonymous,
      openedAt: clock.now(),
      lease,
      turnedAway: refusal,
      log,
      socket,
      tls: undefined,
      activity: "idle",
      idleSince: clock.now(),
      idleAtBytes: Infinity,
      headerSince: undefined,
      exchange: undefined,
      waiting: [],
      user: undefined,
      userAgent: undefined,
      messages: 0,
      logonFailures: 0,
      protocolErrors: 0,
      settings: services.settings(),
      closing: false,
      ended: false,
    };
    connections.set(socket, connection);
    if (refusal !== undefined) turnedAway++;
    log?.line("+", "");
    socket.on("error", () => socket.destroy());
    socket.once("close", () => ended(connection));
    timer ??= clock.after(sweepMs, sweep);
    return connection;
  };

  const submitterOf = (client: Client, socket: Socket, connection: number): Submitter =>
    submissions.submitter({
      door: "HTTP",
      connection,
      connector: client.connector,
      watch: client.watch,
      peer: { address: client.address, port: socket.remotePort ?? 0, source: client.source },
      receivedProtocol: "HTTP",
    });

  const begin = (connection: HttpConnection, contexts: () => ServerContexts | undefined): void => {
    const { socket } = connection;
    onFirstOctet(socket, (isTls) => {
      if (!isTls) {
        listen(connection);
        connection.headerSince = clock.now();
        return;
      }
      const found = contexts();
      if (found === undefined) return void socket.destroy();
      shakeHands(connection, found);
    });
  };

  const shakeHands = (connection: HttpConnection, contexts: ServerContexts): void => {
    const plain = connection.socket;
    const secure = new TLSSocket(plain, { ...serverTlsOptions(contexts), ALPNProtocols: ["http/1.1"] });
    connections.delete(plain);
    connections.set(secure, connection);
    connection.socket = secure;
    connection.activity = "handshake";
    connection.idleSince = clock.now();
    let isDone = false;
    const failed = (code: string | undefined): void => {
      if (isDone) return;
      isDone = true;
      const { kind, detail } = tlsFailureOf(code);
      services.tell(connection, kind, { detail });
      if (kind === "tlsVersionTooOld") services.metOldTls(connection);
    };
    secure.on("error", (error: NodeJS.ErrnoException) => {
      failed(error.code);
      secure.destroy();
    });
    secure.once("close", () => {
      failed(undefined);
      plain.destroy();
      ended(connection);
    });
    secure.once("secure", () => {
      isDone = true;
      const protocol = secure.getProtocol() ?? "TLS";
      connection.tls = { protocol, cipher: secure.getCipher().standardName };
      connection.anonymous = { ...connection.anonymous, tls: connection.tls, receivedProtocol: "HTTPS" };
      if (isOldVersion(protocol)) services.metOldTls(connection);
      listen(connection);
    });
  };

  /** From here on Node reads it. */
  const listen = (connection: HttpConnection): void => {
    const { socket } = connection;
    connection.activity = "idle";
    rest(connection);
    socket.once("end", () => connection.exchange?.inputEnded());
    server.emit("connection", socket);
    process.nextTick(() => socket.resume());
  };

  /** Between two requests. What came already may belong to the next one. */
  const rest = (connection: HttpConnection): void => {
    connection.activity = "idle";
    connection.exchange = undefined;
    connection.idleSince = clock.now();
    connection.idleAtBytes = connection.socket.bytesRead;
    connection.headerSince = undefined;
  };

  const serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    const connection = connections.get(request.socket);
    if (connection === undefined) return void request.socket.destroy();
    connection.headerSince = undefined;
    const run = (): void => {
      // It went while it waited for its turn.
      if (response.destroyed || connection.ended) return next(connection);
      keepUp(connection);
      const exchange = new HttpExchange(
        request,
        response,
        connection,
        services,
        expectsContinue,
        () => stopping,
      );
      connection.exchange = exchange;
      connection.activity = "working";
      connection.userAgent = request.headers["user-agent"];
      connection.log?.line("<", shownInLog(`${request.method} ${request.url} HTTP/${request.httpVersion}`));
      response.once("close", () => finished(connection, request, exchange));
      void answered(exchange);
    };
    if (connection.exchange === undefined) run();
    else if (connection.waiting.length < mostAhead) connection.waiting.push(run);
    // None of these is looked at; what is under way gets its answer.
    else endBehindAnswer(connection);
  };

  const endBehindAnswer = (connection: HttpConnection): void => {
    connection.closing = true;
    connection.waiting.length = 0;
  };

  /**
   * A request is judged by what is set when it begins: nothing was promised by the one before it, as EHLO's answer is to a
   * session of SMTP. Where its connector would not be chosen any more, it is the connection's last.
   */
  const keepUp = (connection: HttpConnection): void => {
    const settings = services.settings();
    if (connection.settings === settings || connection.turnedAway !== undefined) return;
    connection.settings = settings;
    const connector = services.connectorNow(connection);
    if (connector === undefined) {
      connection.closing = true;
      return;
    }
    const { anonymous, socket } = connection;
    const watch = watchConnection(connector, "HTTP");
    connection.client = { ...connection.client, connector, watch };
    // Who it is stays; what it may is asked anew.
    const { id, tls, peer, messages, receivedProtocol = "HTTP" } = anonymous;
    const submitter = submitterOf(connection.client, socket, anonymous.connection);
    connection.anonymous = { ...submitter, id, tls, peer, messages, receivedProtocol };
  };

  const answered = async (exchange: HttpExchange): Promise<void> => {
    const { connection } = exchange;
    try {
      if (connection.turnedAway !== undefined) await exchange.answerRefusal(connection.turnedAway);
      else if (stopping) await exchange.refuse(refused("shuttingDown"));
      else if (isExposed(connection)) await exchange.refuse(refused("httpsRequired"));
      else await answerRequest(exchange);
    } catch (fault) {
      tellFault(services, exchange.submitter, fault);
      await exchange.refuse(refused("fault")).catch(() => connection.socket.destroy());
    }
  };

  /** Its answer is gone, or it is. */
  const finished = (connection: HttpConnection, request: IncomingMessage, { body }: HttpExchange): void => {
    if (connection.ended) return;
    if (connection.closing || stopping) return close(connection);
    if (!body.isRead) void body.abandon().catch(() => connection.socket.destroy());
    if (request.complete) return next(connection);
    draining.set(connection, { since: clock.now(), fromBytes: connection.socket.bytesRead });
    connection.activity = "reading";
    request.once("close", () => {
      draining.delete(connection);
      if (request.complete) next(connection);
      else connection.socket.destroy();
    });
  };

  const next = (connection: HttpConnection): void => {
    rest(connection);
    connection.waiting.shift()?.();
  };

  /** What cannot be read as HTTP. */
  const broken = (connection: HttpConnection, what: Refused, status: 400 | 408 | 431 = 400): void => {
    if (connection.ended || closingSince.has(connection)) return;
    const { socket } = connection;
    // Behind a whole request: that one is answered, and nothing more is read.
    if (connection.exchange?.hasAll === true) return endBehindAnswer(connection);
    if (connection.exchange?.breakOff(what) === true) return endBehindAnswer(connection);
    // In the middle of an answer it would be read as part of that.
    if (connection.exchange !== undefined || !socket.writable) return void socket.destroy();
    const told =
      connection.turnedAway ??
      services.refuse(connection.anonymous, isExposed(connection) ? refused("httpsRequired") : what);
    const text = rawAnswer(told, status);
    connection.log?.line(">", text.split("\r\n", 1)[0]!);
    socket.write(text);
    close(connection);
  };

  const close = (connection: HttpConnection): void => {
    if (connection.ended || closingSince.has(connection)) return;
    connection.activity = "closing";
    closingSince.set(connection, clock.now());
    connection.socket.end();
    connection.socket.resume();
  };

  const ended = (connection: HttpConnection): void => {
    // The plain socket of one that began TLS.
    if (connection.ended || connections.get(connection.socket) !== connection) return;
    if (!connection.socket.destroyed) return;
    connection.ended = true;
    connections.delete(connection.socket);
    connection.waiting.length = 0;
    connection.log?.line("-", "", closingSince.has(connection) ? "Local" : "Remote");
    if (connection.turnedAway === undefined) {
      connection.lease.end();
      services.placeFreed(connection.client.connector.name);
    } else turnedAway--;
    if (connections.size === turnedAway) whenEmpty?.();
  };

  const sweep = (): void => {
    const now = clock.now();
    for (const connection of connections.values()) look(connection, now);
    timer = connections.size > 0 ? clock.after(sweepMs, sweep) : undefined;
  };

  const look = (connection: HttpConnection, now: number): void => {
    const { socket, exchange, client } = connection;
    const { connectionTimeout, connectionInactivityTimeout } = client.connector;
    const closing = closingSince.get(connection);
    const drain = draining.get(connection);
    if (closing !== undefined) {
      if (now - closing >= lingerMs) socket.destroy();
    } else if (connection.turnedAway !== undefined && now - connection.openedAt >= turnedAwayMs) {
      socket.destroy();
    } else if (connection.activity === "handshake") {
      if (now - connection.idleSince >= handshakeTimeoutMs) socket.destroy();
    } else if (drain !== undefined) {
      if (now - drain.since >= drainMs || socket.bytesRead - drain.fromBytes > drainBytes) socket.destroy();
    } else if (exchange?.isUnread(now, connectionInactivityTimeout) === true) {
      // Else it would keep its place for as long as it likes.
      socket.destroy();
    } else if (exchange !== undefined) {
      if (exchange.isSlow(now) || now - connection.openedAt >= connectionTimeout) exchange.timedOut();
    } else if (connection.headerSince !== undefined) {
      if (now - connection.headerSince >= headerTimeoutMs)
        broken(
          connection,
          refused("timedOut", { detail: "the header of a request did not come to its end in time" }),
          408,
        );
    } else if (socket.bytesRead > connection.idleAtBytes) {
      connection.headerSince = now;
    } else if (
      now - connection.idleSince >= connectionInactivityTimeout ||
      now - connection.openedAt >= connectionTimeout
    ) {
      close(connection);
    }
  };

  const emptyWithin = async (graceMs: number): Promise<void> => {
    if (connections.size === turnedAway) return;
    await new Promise<void>((resolve) => {
      const grace = clock.after(graceMs, resolve);
      whenEmpty = () => {
        grace.cancel();
        resolve();
      };
    });
  };

  return {
    open(socket, admitted, endpoint) {
      const connection = newConnection(socket, admitted, endpoint, admitted);
      begin(connection, () => services.tlsContexts(admitted.connector));
    },
    turnAway(socket, reply, endpoint) {
      const { address, source } = { address: reply.told.source, source: reply.told.source };
      const connector = services
        .connectors()
        .find(
          (one) =>
            one.enabled &&
            (one.name === reply.told.connector ||
              one.httpBindings.some((binding) => covers(binding, endpoint) || covers(endpoint, binding))),
        );
      if (connector === undefined || turnedAway >= mostTurnedAway || stopping) return void socket.destroy();
      const client = { connector, address, source };
      const connection = newConnection(socket, client, endpoint, noPlace, reply);
      begin(connection, () => services.tlsContexts(connector));
    },
    *connections() {
      for (const connection of connections.values())
        if (connection.turnedAway === undefined) yield connection;
    },
    away() {
      for (const connection of connections.values()) {
        if (connection.exchange === undefined) close(connection);
        else {
          endBehindAnswer(connection);
          connection.exchange.breakOff(refused("databaseAwayAtDoor"));
        }
      }
    },
    async stop(graceMs) {
      stopping = true;
      const all = (): HttpConnection[] => [...connections.values()];
      for (const connection of all()) if (connection.exchange === undefined) close(connection);
      await emptyWithin(graceMs);
      for (const { exchange } of all()) exchange?.stop();
      await emptyWithin(commitGraceMs);
      for (const { socket } of all()) socket.destroy();
      timer?.cancel();
      timer = undefined;
    },
  };
}

/** Told by the door already. */
const noPlace: Pick<Admitted, "lease" | "connection"> = { lease: { end: () => undefined }, connection: 0 };

/** Whether what it says can be read on the way. */
function isExposed({ tls, client }: HttpConnection): boolean {
  return tls === undefined && !client.connector.allowPlainHttp && !isThisMachine(client.address);
}
