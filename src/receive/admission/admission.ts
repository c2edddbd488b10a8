/**
 * The door: which connector answers a new connection, and whether its limits let it in. What a limit says is said
 * once, here, as reply and event; the reply of a refused connection stands in place of the greeting.
 */
import {
  refuseConnection,
  type ConnectionCounts,
  type ConnectionRefusal,
} from "../../core/policy/connection-limits.ts";
import { messageRateKey, refuseMessage } from "../../core/policy/message-rate.ts";
import {
  chooseReceiveConnector,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import { sourceKey } from "../../core/policy/source.ts";
import { replies, type Reply } from "../../core/smtp/reply.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { formatAddress, parseAddress } from "../../core/units/ip-address.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Lease, Ledger } from "./ledger.ts";
import type { Refusals } from "./refusals.ts";
import type { LimitUsage } from "./usage.ts";

export interface Arrival {
  /** As bound: the port is the configured one. */
  readonly local: Endpoint;
  readonly remoteAddress: string;
}

export interface Client {
  readonly connector: ReceiveConnectorSettings;
  /** Canonical. */
  readonly address: string;
  /** What limits count it under. */
  readonly source: string;
}

export interface Admitted extends Client {
  /** To be ended with the connection. */
  readonly lease: Lease;
}

/** Over a limit of a connector that lets clients wait (limitAction). */
export interface Held extends Client {
  readonly delayMs: number;
  /** Takes a place if there is one now. */
  enter(): Admitted | undefined;
  /** The wait is over, or there is no room to wait. */
  refuse(): Reply;
}

export type Admission =
  | { readonly kind: "admitted"; readonly admitted: Admitted }
  | { readonly kind: "held"; readonly held: Held }
  | { readonly kind: "refused"; readonly reply: Reply };

export interface AdmissionSettings {
  readonly receiveConnectors: readonly ReceiveConnectorSettings[];
  readonly maxConnectionRatePerMinute: number;
  readonly ipv6SourcePrefixLength: number;
}

export interface Door {
  /** Counts and decides in one step. */
  admit(arrival: Arrival, settings: AdmissionSettings): Admission;
  /**
   * Counts one more message of this client, if its rate allows. Otherwise `held` where the connector lets it wait
   * (try again), or the refusing reply. `last`: waiting is over, refuse.
   */
  admitMessage(client: Client, user: string | undefined, last: boolean): Reply | "admitted" | "held";
  /** Tells that a message waits for its minute. */
  tellMessageHeld(client: Client): void;
}

const connectionRateKey = "connections";

export function createDoor(around: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly events: Events;
  readonly refusals: Refusals;
  readonly usage: LimitUsage;
}): Door {
  const { ledger, clock, events, refusals, usage } = around;

  const overConnectionRate = (limit: number) =>
    limit === Infinity
      ? undefined
      : ledger.spend(connectionRateKey, clock.now(), (lastMinute) =>
          lastMinute >= limit ? { configured: limit, seen: lastMinute } : undefined,
        );

  const enter = (client: Client): Admitted | ConnectionRefusal => {
    const { connector, source } = client;
    let before: ConnectionCounts | undefined;
    const entry = ledger.enter(connector.name, source, (counts) => {
      before = counts;
      return refuseConnection(connector, counts);
    });
    if ("refused" in entry) return entry.refused;
    const { open, openFromSource } = before ?? { open: 0, openFromSource: 0 };
    usage.entered(connector.name, source, { open: open + 1, openFromSource: openFromSource + 1 });
    return { ...client, lease: entry.lease };
  };

  const hold = (client: Client, verdict: ConnectionRefusal): Held => {
    refusals.connectionHeld(client, verdict);
    let latest = verdict;
    return {
      ...client,
      delayMs: client.connector.limitDelay,
      enter() {
        const outcome = enter(client);
        if ("lease" in outcome) return outcome;
        latest = outcome;
        return undefined;
      },
      refuse: () => refusals.connection(client, latest),
    };
  };

  return {
    admit({ local, remoteAddress }, settings) {
      const peer = parseAddress(remoteAddress);
      const connector = peer && chooseReceiveConnector(settings.receiveConnectors, local, peer);
      if (peer === undefined || connector === undefined) {
        events.emit("NoConnectorMatched", { source: remoteAddress, endpoint: formatEndpoint(local) });
        return { kind: "refused", reply: replies.noConnector };
      }
      const client: Client = {
        connector,
        address: formatAddress(peer),
        source: sourceKey(peer, settings.ipv6SourcePrefixLength),
      };
      const overRate = overConnectionRate(settings.maxConnectionRatePerMinute);
      if (overRate !== undefined)
        return { kind: "refused", reply: refusals.connectionRate(client, overRate) };
      const outcome = enter(client);
      if ("lease" in outcome) return { kind: "admitted", admitted: outcome };
      return connector.limitAction === "delay"
        ? { kind: "held", held: hold(client, outcome) }
        : { kind: "refused", reply: refusals.connection(client, outcome) };
    },

    admitMessage(client, user, last) {
      const { connector } = client;
      const limit = connector.messageRateLimit;
      if (limit === Infinity) {
        usage.message(connector.name, client.source);
        return "admitted";
      }
      const key = messageRateKey(connector.messageRateSource, client.source, user);
      if (key === undefined) return "admitted";
      const verdict = ledger.spend(`${connector.name} ${key}`, clock.now(), (lastMinute) =>
        refuseMessage(limit, lastMinute),
      );
      if (verdict === undefined) {
        usage.message(connector.name, client.source);
        return "admitted";
      }
      return connector.limitAction === "delay" && !last
        ? "held"
        : refusals.messageRate(client, user, verdict);
    },

    tellMessageHeld: (client) => refusals.messageHeld(client),
  };
}
