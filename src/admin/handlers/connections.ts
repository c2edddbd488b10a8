import { sourceKey } from "../../core/policy/source.ts";
import { allowedByPercentage } from "../../core/policy/connection-limits.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { findNamed } from "./named-settings.ts";
import { shownApplication, shownLimit } from "./shown-values.ts";

type Connection = ReturnType<Administered["relay"]["connections"]>[number];

export function connectionHandlers({
  relay,
}: Administered): Pick<Handlers, "listConnections" | "listConnectionSources"> {
  /** The connector's own spelling; a removed one may still have sessions. */
  const nameOf = (
    given: string | undefined,
    open: readonly { readonly connector: string }[],
  ): string | undefined => {
    if (given === undefined) return undefined;
    const one = open.find(({ connector }) => connector.toLowerCase() === given.toLowerCase());
    const { receiveConnectors, hostname } = relay.settings;
    return one?.connector ?? findNamed(receiveConnectors, given, hostname, "receive connector").name;
  };

  return {
    listConnections: ({ connector: given, source, limit }) => {
      const open = relay.connections();
      const connector = nameOf(given, open);
      const key = source === undefined ? undefined : sourceKeyOf(relay, source);
      const all = open
        .filter((one) => connector === undefined || one.connector === connector)
        .filter((one) => key === undefined || one.source === key);
      return {
        connections: all.slice(0, limit).map((one) => shownConnection(relay, one)),
        total: all.length,
      };
    },
    listConnectionSources: async ({ connector: given }) => {
      const counts = await relay.counts();
      const connector = nameOf(given, counts);
      const { receiveConnectors } = relay.settings;
      const openOf = new Map<string, number>();
      for (const { connector: name, open } of counts) openOf.set(name, (openOf.get(name) ?? 0) + open);
      return {
        sources: counts
          .filter((entry) => connector === undefined || entry.connector === connector)
          .map((entry) => {
            const limits = receiveConnectors.find(({ name }) => name === entry.connector);
            const perSource = limits?.maxInboundConnectionPerSource ?? Infinity;
            const percentage = limits?.maxInboundConnectionPercentagePerSource ?? 100;
            const total = limits?.maxInboundConnection ?? Infinity;
            const byOthers = (openOf.get(entry.connector) ?? 0) - entry.open;
            const byPercentage = allowedByPercentage(percentage, total, byOthers);
            return {
              connector: entry.connector,
              source: entry.source,
              application: shownApplication(relay.settings, entry.source),
              open: entry.open,
              allowed: shownLimit(Math.min(perSource, byPercentage)),
              maxInboundConnectionPerSource: shownLimit(perSource),
              maxInboundConnectionPercentagePerSource: percentage,
              discredited: isDiscredited(relay, entry),
            };
          })
          .sort((a, b) => b.open - a.open || a.source.localeCompare(b.source)),
      };
    },
  };
}

/** What limits count an address under; anything else stands for itself. */
export function sourceKeyOf(relay: Administered["relay"], source: string): string {
  const address = parseAddress(source);
  return address === undefined ? source : sourceKey(address, relay.settings.transport.ipv6SourcePrefixLength);
}

export function shownConnection(
  relay: Administered["relay"],
  open: Connection,
): Output<"listConnections">["connections"][number] {
  return {
    id: open.id,
    connector: open.connector,
    address: open.address,
    port: open.port,
    source: open.source,
    application: shownApplication(relay.settings, open.address, open.user),
    since: open.since.toISOString(),
    state: open.activity,
    tls: open.tls ?? null,
    user: open.user ?? null,
    heloName: open.heloName ?? null,
    messages: open.messages,
    discredited: isDiscredited(relay, open),
  };
}

function isDiscredited(
  relay: Administered["relay"],
  { connector, source }: { readonly connector: string; readonly source: string },
): boolean {
  return relay.discredits().some((one) => one.connector === connector && one.source === source);
}
