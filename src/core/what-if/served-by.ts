/** Which connector would serve a recorded client under other settings. */
import { isListening } from "../policy/door.ts";
import { bindingsOf, chooseReceiveConnector, type Endpoint } from "../policy/receive-connector.ts";
import type { TrafficClient } from "../traffic/traffic-facts.ts";
import { parseAddress } from "../units/ip-range.ts";
import type { ReplayedConnector } from "./scenario.ts";

/**
 * The index in `connectors`; -1: none is for it. The record does not tell the endpoint a client connected to: it is taken to
 * be the first binding of its connector where that would have served it, by the settings `present`; of a connector that is
 * not there any more, the first binding of any where somebody serves it. Directories name their connector.
 */
export function servedBy(
  client: TrafficClient,
  present: readonly ReplayedConnector[],
  connectors: readonly ReplayedConnector[],
): number {
  const { door } = client;
  if (!isListening(door)) return connectors.findIndex(({ name }) => isSame(name, client.connector));
  const peer = parseAddress(client.address);
  if (peer === undefined) return -1;
  const recorded = present.find(({ name }) => isSame(name, client.connector));
  const chosenAt = (local: Endpoint, among: readonly ReplayedConnector[]): ReplayedConnector | undefined =>
    chooseReceiveConnector(among, local, peer, door);
  const bindings = (recorded === undefined ? connectors : [recorded]).flatMap((one) => bindingsOf(one, door));
  const ofFamily = bindings.filter(({ address }) => address.includes(":") === (peer.family === 6));
  const local =
    recorded === undefined
      ? ofFamily.find((binding) => chosenAt(binding, connectors) !== undefined)
      : (ofFamily.find((binding) => chosenAt(binding, present) === recorded) ?? ofFamily[0]);
  const chosen = local && chosenAt(local, connectors);
  return chosen === undefined ? -1 : connectors.indexOf(chosen);
}

/** Undefined: it is served by the connector that it came to; else by the one of that name, or, where it is empty, by none. */
export function servedElsewhere(
  client: TrafficClient,
  present: readonly ReplayedConnector[],
): string | undefined {
  const now = present[servedBy(client, present, present)]?.name ?? "";
  return isSame(now, client.connector) ? undefined : now;
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
