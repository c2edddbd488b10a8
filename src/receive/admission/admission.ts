/**
 * The door: which connector answers a new connection, and whether its limits let it in. What a limit says is said
 * once, here, as reply and event; the reply of a refused connection stands in place of the greeting.
 */
import type { ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import { rateKey, type SessionRights } from "../../core/policy/client-rights.ts";
import type { ListeningDoor } from "../../core/policy/door.ts";
import { messageRateKey } from "../../core/policy/message-rate.ts";
import { placeLikelyInMs } from "../../core/policy/place-likely.ts";
import {
  chooseReceiveConnector,
  healthCheckConnector,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import { refusedMessageRate, refusedConnection } from "../../core/refusals/limit-refusals.ts";
import { refused, type Refused, type ToldRefusal } from "../../core/refusals/refusal.ts";
import { isOwnRefusal } from "../../core/policy/report-only.ts";
import { sourceKey } from "../../core/policy/source.ts";
import type { TrafficClient } from "../../core/traffic/traffic-facts.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { formatAddress, parseAddress } from "../../core/units/ip-address.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Traffic } from "../../traffic/traffic.ts";
import type { Client } from "./client.ts";
import { watchConnection } from "./connection-watch.ts";
import {
  LedgerAway,
  type Charge,
  type Counted,
  type Lease,
  type Ledger,
  type WouldRefuse,
} from "./ledger.ts";
import type { RefusedClient, Refusals } from "./refusals.ts";
import type { LimitUsage } from "./usage.ts";

export interface Arrival {
  /** As bound: the port is the configured one. */
  readonly local: Endpoint;
  /** What is spoken there; SMTP where it is not given. */
  readonly door?: ListeningDoor;
  readonly remoteAddress: string;
}

export interface Admitted extends Client {
  /** To be ended once, with the connection. */
  readonly lease: Lease;
  /** As the traffic record calls it. */
  readonly connection: number;
}

/** Over a limit of a connector that lets clients wait (limitAction). */
export interface Held {
  readonly client: Client;
  readonly verdict: ConnectionRefusal;
  /** As the traffic record calls it. */
  readonly connection: number;
}

export type Admission =
  | { readonly kind: "admitted"; readonly admitted: Admitted }
  | { readonly kind: "held"; readonly held: Held }
  | { readonly kind: "refused"; readonly reply: ToldRefusal };

export interface AdmissionSettings {
  readonly receiveConnectors: readonly ReceiveConnectorSettings[];
  readonly maxConnectionRatePerMinute: number;
  readonly ipv6SourcePrefixLength: number;
}

export interface Door {
  /** A new connection. Cost: a pass over the connectors, a few look-ups, the turn of a promise. */
  admit(arrival: Arrival, settings: AdmissionSettings): Promise<Admission>;
  /** One that was held, under settings that have changed meanwhile. It is no new connection to the rate. */
  admitAgain(arrival: Arrival, settings: AdmissionSettings): Promise<Admission>;
  /**
   * A load balancer that speaks for itself where no connector is for its address: it is greeted, with no rights and
   * outside all limits; refused while the service is suspended, that it may send clients elsewhere. Undefined: admit it as anybody.
   */
  healthCheck(arrival: Arrival, settings: AdmissionSettings): Admitted | ToldRefusal | undefined;
  /** One that was held takes a place if there is one now. */
  enter(held: Held): Promise<Admitted | ConnectionRefusal>;
  /** One that was held waits no longer: the refusing reply. */
  refuse(held: Held): ToldRefusal;
  /** One that was held left by itself. */
  leave(held: Held): void;
  /** Tells that a connection waits for a place. */
  tellHeld(held: Held): void;
  /**
   * One more message of a client: `admitted`, `held` (the connector lets it wait: try again), or what refuses it.
   * `last`: waiting is over, refuse. At once where no limit counts it.
   */
  admitMessage(
    client: Client,
    user: string | undefined,
    limits: Pick<SessionRights, "messageRates">,
    last: boolean,
  ): MessageAdmission | Promise<MessageAdmission>;
  /** Of the rate that will refuse its messages first, without counting one; undefined: none counts them. */
  messagesLeft(
    client: Client,
    user: string | undefined,
    limits: Pick<SessionRights, "messageRates">,
  ): Promise<RateLeft> | undefined;
  /** Tells that a message waits for its minute. */
  tellMessageHeld(client: Client): void;
  /** Tells that a load balancer's connection did not begin as agreed (proxyProtocolFrom). */
  tellBrokenProxyHeader(arrival: Arrival): void;
}

export type MessageAdmission = Refused | "admitted" | "held";

/** What is left of a rate, in messages. */
export interface RateLeft {
  readonly limit: number;
  readonly remaining: number;
  /** Until there is one more; 0: all of it is there. Seconds, whole. */
  readonly freesInSeconds: number;
}

/** Of a session that no limit counts. */
const uncounted: Lease = { end: () => undefined };

const connectionRateKey = "connections";

export function createDoor(around: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly refusals: Refusals;
  readonly usage: LimitUsage;
  readonly traffic: Traffic;
  /** No new mail is taken. */
  readonly isSuspended: () => boolean;
}): Door {
  const { ledger, clock, refusals, usage, traffic, isSuspended } = around;

  /** Turned away at the door: told, and remembered. */
  const turnAway = (client: RefusedClient, what: Refused): ToldRefusal => {
    traffic.turnedAway(arriving(client), what.refused);
    return refusals.refuse(client, what);
  };

  const clientOf = (
    { local, door, remoteAddress }: Arrival,
    { receiveConnectors, ipv6SourcePrefixLength }: AdmissionSettings,
  ): Client | ToldRefusal => {
    const peer = parseAddress(remoteAddress);
    const connector = peer && chooseReceiveConnector(receiveConnectors, local, peer, door);
    const address = peer === undefined ? remoteAddress : formatAddress(peer);
    const source = peer === undefined ? remoteAddress : sourceKey(peer, ipv6SourcePrefixLength);
    if (connector !== undefined)
      return isSuspended()
        ? turnAway({ connector, address, source, door }, refused("serviceSuspended"))
        : { connector, address, source, door };
    const endpoint = formatEndpoint(local);
    return turnAway(
      { connector, address, source, door },
      refused("noConnector", { about: endpoint, fields: { endpoint } }),
    );
  };

  const tellWouldRefuse = (client: Client, all: readonly WouldRefuse[], isRefused: boolean): void => {
    for (const { by, refused: verdict } of all)
      if (isOwnRefusal(by, verdict)) refusals.wouldRefuse(client, refusedConnection(verdict), isRefused);
  };

  /** `held`: the number of one that stood at the door before. */
  const enter = async (client: Client, held?: number): Promise<Admitted | ConnectionRefusal> => {
    const { connector, address, source, door } = client;
    const { watched } = connector;
    const entry = await ledger.enter(connector.name, source, connector, watched?.connections);
    const isRefused = "refused" in entry;
    const watch = watchConnection(connector, door ?? "SMTP");
    for (const { by, refused: verdict } of entry.wouldRefuse ?? [])
      if (isOwnRefusal(by, verdict)) watch?.wouldRefuseConnection(verdict.limit);
    // One that waits is looked at once, when it comes.
    if (entry.wouldRefuse !== undefined && held === undefined)
      tellWouldRefuse(client, entry.wouldRefuse, isRefused);
    if (isRefused) return entry.refused;
    const connection = held ?? traffic.admitted(arriving(client));
    if (held !== undefined) traffic.resumed(held);
    const { open, openFromSource } = entry.counts;
    usage.entered(connector.name, source, { open: open + 1, openFromSource: openFromSource + 1 });
    const enteredAt = clock.now();
    const end = (): void => {
      entry.lease.end();
      usage.left(connector.name, source, enteredAt);
      traffic.left(connection);
    };
    return { connector, address, source, door, watch, lease: { end }, connection };
  };

  /** The database of all nodes does not answer: whoever stands there is sent away. */
  const unlessAway = async (client: Client, decided: Promise<Admission>): Promise<Admission> => {
    try {
      return await decided;
    } catch (fault) {
      if (!(fault instanceof LedgerAway)) throw fault;
      const what = refused("databaseAwayAtDoor", { detail: fault.message, confidential: true });
      return { kind: "refused", reply: turnAway(client, what) };
    }
  };

  /** Until a place is likely to come free. */
  const likelyInMs = ({ connector, source }: Client, { limit, seen }: ConnectionRefusal): number => {
    const ofAll = limit === "maxInboundConnection";
    const meanMs = usage.meanConnectionMs(connector.name, ofAll ? undefined : source);
    return placeLikelyInMs(seen, meanMs, connector.connectionTimeout);
  };

  const decide = async (client: Client): Promise<Admission> => {
    const outcome = await enter(client);
    if ("lease" in outcome) return { kind: "admitted", admitted: outcome };
    const what = refusedConnection(outcome, likelyInMs(client, outcome));
    if (client.connector.limitAction !== "delay") return { kind: "refused", reply: turnAway(client, what) };
    const connection = traffic.held(arriving(client), what.refused);
    return { kind: "held", held: { client, verdict: outcome, connection } };
  };

  const refuseOverRate = async (client: Client, limit: number): Promise<ToldRefusal | undefined> => {
    if (limit === Infinity) return undefined;
    const spent = await ledger.spend([{ key: connectionRateKey, limit }]);
    if (spent.refused === undefined) return undefined;
    const { seen, waitSeconds: retryAfterSeconds } = spent;
    return turnAway(client, refused("connectionRate", { configured: limit, seen, retryAfterSeconds }));
  };

  const spendMessage = async (
    client: Client,
    user: string | undefined,
    own: Charge | undefined,
    rates: SessionRights["messageRates"],
    last: boolean,
    watched: Charge | undefined,
  ): Promise<MessageAdmission> => {
    const { connector, source } = client;
    const owned = ownedCharges(rates);
    const spent = await ledger.spend(own === undefined ? owned : [own, ...owned], watched);
    if (watched !== undefined && spent.wouldRefuseAt !== undefined) {
      client.watch?.wouldClose("messageRateLimit");
      client.watch?.wouldRefuseMessage("messageRateLimit");
      const facts = { configured: watched.limit, seen: spent.wouldRefuseAt };
      const isRefused = spent.refused !== undefined;
      refusals.wouldRefuse({ ...client, user }, refused("messageRate", facts), isRefused);
    }
    if (spent.refused === undefined) {
      usage.message(connector.name, source);
      return "admitted";
    }
    if (connector.limitAction === "delay" && !last) return "held";
    const { limit: configured } = spent.refused;
    const over = owned.find((charge) => charge === spent.refused);
    const { seen, waitSeconds: retryAfterSeconds } = spent;
    return over === undefined
      ? refused("messageRate", { configured, seen, retryAfterSeconds })
      : refusedMessageRate(over.owner, configured, seen, retryAfterSeconds);
  };

  return {
    async admit(arrival, settings) {
      const client = clientOf(arrival, settings);
      if ("told" in client) return { kind: "refused", reply: client };
      const admission = async (): Promise<Admission> => {
        const reply = await refuseOverRate(client, settings.maxConnectionRatePerMinute);
        return reply === undefined ? decide(client) : { kind: "refused", reply };
      };
      return unlessAway(client, admission());
    },
    async admitAgain(arrival, settings) {
      const client = clientOf(arrival, settings);
      return "told" in client ? { kind: "refused", reply: client } : unlessAway(client, decide(client));
    },
    healthCheck({ local, door, remoteAddress }, { receiveConnectors, ipv6SourcePrefixLength }) {
      const peer = parseAddress(remoteAddress);
      if (peer === undefined || chooseReceiveConnector(receiveConnectors, local, peer, door))
        return undefined;
      const connector = healthCheckConnector(receiveConnectors, local, door);
      if (connector === undefined) return undefined;
      const address = formatAddress(peer);
      const source = sourceKey(peer, ipv6SourcePrefixLength);
      return isSuspended()
        ? refusals.refuse({ connector, address, source }, refused("serviceSuspended"))
        : { connector, address, source, lease: uncounted, connection: 0 };
    },
    enter: ({ client, connection, verdict }) =>
      enter(client, connection).catch((fault: unknown) => {
        // It waits on.
        if (fault instanceof LedgerAway) return verdict;
        throw fault;
      }),
    refuse({ client, verdict, connection }) {
      const what = refusedConnection(verdict, likelyInMs(client, verdict));
      traffic.refused(connection, what.refused);
      traffic.left(connection);
      return refusals.refuse(client, what);
    },
    leave: ({ connection }) => traffic.left(connection),
    tellHeld: ({ client, verdict }) => refusals.connectionHeld(client, verdict),
    admitMessage(client, user, { messageRates }, last) {
      const { connector, source } = client;
      const own = chargeOf(client, user, connector.messageRateLimit);
      const watched = chargeOf(client, user, client.watch?.valueOf("messageRateLimit"));
      if (own === undefined && watched === undefined && messageRates.length === 0) {
        if (connector.messageRateLimit === Infinity) usage.message(connector.name, source);
        return "admitted";
      }
      return spendMessage(client, user, own, messageRates, last, watched).catch((fault: unknown) => {
        if (fault instanceof LedgerAway)
          return refused("databaseAway", { detail: fault.message, confidential: true });
        throw fault;
      });
    },
    messagesLeft(client, user, { messageRates }) {
      const own = chargeOf(client, user, client.connector.messageRateLimit);
      if (own === undefined && messageRates.length === 0) return undefined;
      const owned = ownedCharges(messageRates);
      return ledger.counted(own === undefined ? owned : [own, ...owned]).then(nearestToItsEnd);
    },
    tellMessageHeld: (client) => refusals.messageHeld(client),
    tellBrokenProxyHeader: ({ remoteAddress }) =>
      refusals.tell(
        { connector: undefined, address: remoteAddress, source: remoteAddress },
        "proxyHeaderInvalid",
      ),
  };
}

/** What the connector counts a message under; undefined: it does not. */
function chargeOf(
  { connector: { name, messageRateSource }, source }: Client,
  user: string | undefined,
  limit: number | undefined,
): Charge | undefined {
  if (limit === undefined || limit === Infinity) return undefined;
  const counted = messageRateKey(messageRateSource, source, user);
  return counted === undefined ? undefined : { key: `${name} ${counted}`, limit };
}

function ownedCharges(rates: SessionRights["messageRates"]) {
  return rates.map(({ owner, value: limit }) => ({ key: rateKey(owner), limit, owner }));
}

/** With the least left of it; of equal ones, that takes longest. */
function nearestToItsEnd(all: readonly Counted[]): RateLeft {
  return all
    .map(({ charge: { limit }, seen, freesInSeconds }) => ({
      limit,
      remaining: Math.max(0, limit - seen),
      freesInSeconds,
    }))
    .reduce((one, other) =>
      (other.remaining - one.remaining || one.freesInSeconds - other.freesInSeconds) < 0 ? other : one,
    );
}

function arriving({ connector, address, source, door = "SMTP" }: RefusedClient): TrafficClient {
  return { connector: connector?.name ?? "", source, address, door };
}
