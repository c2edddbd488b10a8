/** Recorded clients under the grouping of addresses that holds now. */
import { isListening } from "../policy/door.ts";
import { sourceKey } from "../policy/source.ts";
import { parseAddress } from "../units/ip-range.ts";
import type { TrafficClient } from "./traffic-facts.ts";

/** With the source that limits count it under where IPv6 addresses are one by so many bits; the same one where that is nothing new. */
export function groupedClient(
  client: TrafficClient,
  ipv6SourcePrefixLength: number | undefined,
): TrafficClient {
  if (ipv6SourcePrefixLength === undefined || !isListening(client.door)) return client;
  const address = client.address.includes(":") ? parseAddress(client.address) : undefined;
  if (address === undefined) return client;
  const source = sourceKey(address, ipv6SourcePrefixLength);
  return source === client.source ? client : { ...client, source };
}
