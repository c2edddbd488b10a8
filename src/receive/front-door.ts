/**
 * From a socket to a session: the true source behind a load balancer, the door with its limits, the waiting room.
 */
import type { Socket } from "node:net";
import {
  beginsWithTls,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../core/policy/receive-connector.ts";
import type { ListeningEndpoint } from "../core/policy/listening-endpoint.ts";
import type { ToldRefusal } from "../core/refusals/refusal.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import { formatAddress, parseAddress } from "../core/units/ip-address.ts";
import { contains, type IpRange } from "../core/units/ip-range.ts";
import type { Events } from "../events/events.ts";
import type { Clock } from "../ports/ports.ts";
import type { Admitted, AdmissionSettings, Arrival, Door } from "./admission/admission.ts";
import { readProxySource } from "./connection/proxy-source.ts";
import { turnAway as turnAwaySocket } from "./connection/turn-away.ts";
import type { ServerContexts } from "./tls/server-contexts.ts";
import { createWaitingClients } from "./waiting-clients.ts";

export interface FrontDoorSettings extends AdmissionSettings {
  /** Load balancers whose connections begin with a PROXY header. */
  readonly proxyProtocolFrom: readonly IpRange[];
}

export interface FrontDoor {
  /** A connection that came in on `endpoint`. */
  arrive(socket: Socket, endpoint: ListeningEndpoint): void;
  /** Behind each change: who waits is judged anew. */
  settingsChanged(): Promise<void>;
  placeFreed(connector: string): void;
  /** The relay's own test will connect from there. Returns what ends that. */
  expectProbe(source: Endpoint): () => void;
  /** Connections that wait for a place, by connector. */
  waiting(connector: string): number;
  close(): void;
}

export function createFrontDoor(around: {
  readonly door: Door;
  readonly clock: Clock;
  readonly events: Events;
  readonly settings: () => FrontDoorSettings;
  readonly open: (
    socket: Socket,
    admitted: Admitted,
    endpoint: ListeningEndpoint,
    beginsWithTls: boolean,
  ) => void;
  /** Refuses a client of HTTP. */
  readonly turnAwayByHttp: (socket: Socket, reply: ToldRefusal, endpoint: ListeningEndpoint) => void;
  readonly tlsContexts: (connector: ReceiveConnectorSettings) => ServerContexts | undefined;
}): FrontDoor {
  const { door, clock, events, settings } = around;
  const open = (socket: Socket, admitted: Admitted, endpoint: ListeningEndpoint): void => {
    // The client may have left while the ledger was asked.
    if (socket.destroyed) admitted.lease.end();
    else around.open(socket, admitted, endpoint, isImplicitTls(admitted.connector, socket, endpoint));
  };
  /** The refused client may have no connector, or hear nothing but TLS: that of any that begins so there. */
  const turnAway = (socket: Socket, reply: ToldRefusal, endpoint: ListeningEndpoint): void => {
    if (endpoint.door === "HTTP") return around.turnAwayByHttp(socket, reply, endpoint);
    const connector = settings().receiveConnectors.find(
      (one) => one.enabled && isImplicitTls(one, socket, endpoint),
    );
    turnAwaySocket(socket, reply, clock, connector && around.tlsContexts(connector));
  };
  /** Addresses and ports that this process connects from: nobody else can at the same time. */
  const probes = new Set<string>();
  const waitingClients = createWaitingClients({ door, clock, settings, open, turnAway });

  const admit = async (socket: Socket, endpoint: ListeningEndpoint, arrival: Arrival): Promise<void> => {
    const admission = await door.admit(arrival, settings());
    switch (admission.kind) {
      case "admitted":
        return open(socket, admission.admitted, endpoint);
      case "held":
        return waitingClients.wait(socket, arrival, endpoint, admission.held);
      case "refused":
        return turnAway(socket, admission.reply, endpoint);
    }
  };

  /** No connector may be for it, which is no news: it is greeted as a load balancer's check is. */
  const admitCheck = (socket: Socket, endpoint: ListeningEndpoint, arrival: Arrival): Promise<void> => {
    const check = door.healthCheck(arrival, settings());
    if (check === undefined) return admit(socket, endpoint, arrival);
    if ("told" in check) turnAway(socket, check, endpoint);
    else open(socket, check, endpoint);
    return Promise.resolve();
  };

  const admitProxied = async (
    socket: Socket,
    endpoint: ListeningEndpoint,
    arrival: Arrival,
  ): Promise<void> => {
    const proxied = await readProxySource(socket, clock);
    switch (proxied.kind) {
      case "source":
        return admit(socket, endpoint, { ...arrival, remoteAddress: proxied.address });
      case "balancer":
        return admitCheck(socket, endpoint, arrival);
      case "left":
        // A look whether the port is open.
        return void socket.destroy();
      case "invalid":
        door.tellBrokenProxyHeader(arrival);
        return void socket.destroy();
    }
  };

  const failed = (socket: Socket, error: unknown): void => {
    socket.destroy();
    events.emit("RelayFault", { where: "admitting a connection", error: String(error) });
  };

  return {
    arrive(socket, endpoint) {
      socket.on("error", destroyed);
      const { remoteAddress } = socket;
      const address = localAddressOf(socket, endpoint);
      const peer = remoteAddress === undefined ? undefined : parseAddress(remoteAddress);
      // The client is gone already.
      if (remoteAddress === undefined || address === undefined) return void socket.destroy();
      const { port, door: spoken } = endpoint;
      const arrival = { local: { address, port }, door: spoken, remoteAddress };
      const isProxied =
        peer !== undefined && settings().proxyProtocolFrom.some((range) => contains(range, peer));
      const isProbe = probes.size > 0 && probes.has(formatEndpoint(remoteOf(socket)));
      const admitted = isProbe
        ? admitCheck(socket, endpoint, arrival)
        : isProxied
          ? admitProxied(socket, endpoint, { ...arrival, remoteAddress: formatAddress(peer) })
          : admit(socket, endpoint, arrival);
      admitted.catch((error: unknown) => failed(socket, error));
    },
    settingsChanged: () => waitingClients.settingsChanged(),
    placeFreed: (connector) => waitingClients.placeFreed(connector),
    expectProbe(source) {
      const key = formatEndpoint(source);
      probes.add(key);
      return () => void probes.delete(key);
    },
    waiting: (connector) => waitingClients.waiting(connector),
    close: () => waitingClients.close(),
  };
}

function remoteOf({ remoteAddress = "", remotePort = 0 }: Socket): Endpoint {
  return { address: remoteAddress, port: remotePort };
}

function destroyed(this: Socket): void {
  this.destroy();
}

function isImplicitTls(
  connector: ReceiveConnectorSettings,
  socket: Socket,
  endpoint: ListeningEndpoint,
): boolean {
  if (connector.implicitTlsBindings.length === 0 || endpoint.door === "HTTP") return false;
  const address = localAddressOf(socket, endpoint);
  return address !== undefined && beginsWithTls(connector, { address, port: endpoint.port });
}

/** The address the client connected to; only a wildcard has to ask the system. Undefined: the client is gone. */
function localAddressOf(socket: Socket, endpoint: Endpoint): string | undefined {
  if (endpoint.address !== "0.0.0.0" && endpoint.address !== "::") return endpoint.address;
  const local = socket.localAddress === undefined ? undefined : parseAddress(socket.localAddress);
  return local && formatAddress(local);
}
