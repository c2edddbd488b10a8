/**
 * The listening sockets: one for each endpoint that enabled connectors are bound to, opened and closed as settings
 * change. What could not be opened, as another program holds the port, is tried again by itself.
 */
import { createServer, type Server, type Socket } from "node:net";
import { listeningDoors } from "../../core/policy/door.ts";
import { listeningText, type ListeningEndpoint } from "../../core/policy/listening-endpoint.ts";
import {
  bindingsOf,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Events } from "../../events/events.ts";
import { createInTurn } from "../../ports/in-turn.ts";
import { portHolder } from "../../ports/port-holder.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import { listenFaultText } from "./listen-fault.ts";

export interface Listener {
  /** As configured. */
  readonly endpoint: ListeningEndpoint;
  /** With the port the system chose, where 0 was configured. */
  readonly bound: Endpoint;
  readonly connectors: readonly string[];
}

/** An endpoint that is wanted and not listened on. */
export interface FailedListener {
  readonly endpoint: ListeningEndpoint;
  readonly connectors: readonly string[];
  readonly error: Error;
  /** Why, in words, with who holds the port where that is known. */
  readonly reason: string;
}

export interface Listeners {
  /** Opens what is new or could not be opened before, and closes what is gone. What cannot be opened is told and returned. */
  apply(connectors: readonly ReceiveConnectorSettings[]): Promise<readonly FailedListener[]>;
  readonly open: readonly Listener[];
  /** As of the last `apply`, or the last time they were tried again. */
  readonly failed: readonly FailedListener[];
  /** Stops accepting, for good; resolves when no socket listens any more. Connections go on. */
  close(): Promise<void>;
}

interface OpenListener {
  readonly server: Server;
  readonly endpoint: ListeningEndpoint;
  bound: Endpoint;
  connectors: readonly string[];
}

const backlog = 1024;
/** How long after a port could not be opened it is tried again. */
const tryAgainMs = 30_000;

/** `makeReady` resolves when connections of an endpoint can be taken; those of SMTP are opened first. */
export function createListeners(
  events: Events,
  onConnection: (socket: Socket, endpoint: ListeningEndpoint) => void,
  openSessions: (endpoint: ListeningEndpoint) => number,
  clock: Clock,
  makeReady: (endpoint: ListeningEndpoint) => Promise<void> = () => Promise.resolve(),
): Listeners {
  const open = new Map<string, OpenListener>();
  let failed: readonly FailedListener[] = [];
  let closed = false;
  let again: Timer | undefined;
  const inTurn = createInTurn();

  const listen = async (endpoint: ListeningEndpoint, connectors: readonly string[]): Promise<void> => {
    // Half-open: a client that sends everything and closes its side still gets its replies.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false }, (socket) =>
      onConnection(socket, endpoint),
    );
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(
        {
          host: endpoint.address,
          port: endpoint.port,
          backlog,
          ipv6Only: endpoint.address.includes(":"),
        },
        () => {
          server.removeListener("error", reject);
          resolve();
        },
      );
    });
    if (closed) return void server.close();
    // Accept errors (EMFILE) concern single connections; the listener goes on.
    server.on("error", (error) =>
      events.emit("ListenerFailed", {
        endpoint: listeningText(endpoint),
        connectors: connectors.join(", "),
        error: error.message,
      }),
    );
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : endpoint.port;
    const bound = { address: endpoint.address, port };
    open.set(listeningText(endpoint), { server, endpoint, bound, connectors });
    const { door } = endpoint;
    events.emit("ListenerOpened", {
      endpoint: listeningText({ ...bound, door }),
      connectors: connectors.join(", "),
    });
  };

  const shut = async ({ server, endpoint, bound }: OpenListener): Promise<void> => {
    open.delete(listeningText(endpoint));
    // The callback waits for the connections; the socket itself stops listening at once.
    server.close();
    const { door } = endpoint;
    events.emit("ListenerClosed", {
      endpoint: listeningText({ ...bound, door }),
      sessions: openSessions(endpoint),
    });
    await new Promise((resolve) => setImmediate(resolve));
  };

  const apply = async (
    connectors: readonly ReceiveConnectorSettings[],
    isTold: (endpoint: ListeningEndpoint, reason: string) => boolean,
  ): Promise<readonly FailedListener[]> => {
    again?.cancel();
    const wanted = endpointsOf(connectors);
    const failures: FailedListener[] = [];
    for (const [key, listener] of open) if (!wanted.has(key)) await shut(listener);
    for (const [key, { endpoint, names }] of wanted) {
      if (closed) break;
      const listener = open.get(key);
      if (listener !== undefined) {
        listener.connectors = names;
        continue;
      }
      try {
        await makeReady(endpoint);
        await listen(endpoint, names);
      } catch (fault) {
        const error = fault instanceof Error ? fault : new Error(String(fault));
        const inUse = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
        const holder = inUse ? await portHolder(endpoint.port) : undefined;
        const reason = listenFaultText(error, endpoint, holder);
        failures.push({ endpoint, connectors: names, error, reason });
        if (isTold(endpoint, reason)) continue;
        events.emit("ListenerFailed", {
          endpoint: listeningText(endpoint),
          connectors: names.join(", "),
          error: reason,
        });
      }
    }
    failed = failures;
    if (failed.length > 0 && !closed) again = clock.after(tryAgainMs, () => void tryAgain(connectors));
    return failures;
  };
  const tryAgain = (connectors: readonly ReceiveConnectorSettings[]) =>
    inTurn(() => {
      if (closed) return Promise.resolve(failed);
      const before = new Map(failed.map(({ endpoint, reason }) => [listeningText(endpoint), reason]));
      return apply(connectors, (endpoint, reason) => before.get(listeningText(endpoint)) === reason);
    });

  return {
    apply: (connectors) => inTurn(() => apply(connectors, () => false)),
    get open() {
      return [...open.values()].map(({ endpoint, bound, connectors }) => ({ endpoint, bound, connectors }));
    },
    get failed() {
      return failed;
    },
    async close() {
      closed = true;
      again?.cancel();
      await Promise.all([...open.values()].map(shut));
    },
  };
}

/** A wildcard binding listens for all addresses of its family on that port. */
function endpointsOf(
  connectors: readonly ReceiveConnectorSettings[],
): Map<string, { endpoint: ListeningEndpoint; names: string[] }> {
  const enabled = connectors.filter((connector) => connector.enabled);
  const wanted = new Map<string, { endpoint: ListeningEndpoint; names: string[] }>();
  for (const door of listeningDoors) {
    const all = enabled.flatMap((connector) =>
      bindingsOf(connector, door).map((endpoint) => ({ endpoint, name: connector.name })),
    );
    const wildcards = new Set(
      all
        .map(({ endpoint }) => formatEndpoint(endpoint))
        .filter((key) => /^(?:0\.0\.0\.0|\[::\]):/.test(key)),
    );
    for (const { endpoint, name } of all) {
      const wildcard = { address: endpoint.address.includes(":") ? "::" : "0.0.0.0", port: endpoint.port };
      const isCovered = endpoint.port !== 0 && wildcards.has(formatEndpoint(wildcard));
      const listens = { ...(isCovered ? wildcard : endpoint), door };
      const key = listeningText(listens);
      const entry = wanted.get(key) ?? { endpoint: listens, names: [] };
      if (!entry.names.includes(name)) entry.names.push(name);
      wanted.set(key, entry);
    }
  }
  return wanted;
}
