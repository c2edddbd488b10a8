/** What a Receive connector lets strangers do: warnings for configurations that are legal and probably not meant. */
import type { ReceiveConnectorSettings } from "./receive-connector.ts";
import { type IpRange, rangeSize } from "../units/ip-range.ts";
import { isPrivateRange } from "../units/private-address.ts";

type Gate = Pick<
  ReceiveConnectorSettings,
  "enabled" | "authMechanism" | "permissionGroups" | "anonymousRelay" | "remoteIpRanges" | "httpBindings"
>;

/** More public addresses than this (a /8, an IPv6 /32) is taken for "the Internet". */
const manyIpv4 = 1n << 24n;
const manyIpv6 = 1n << 96n;

/** True when the connector lets clients relay that have not logged on. */
export function relaysUnauthenticated(connector: Gate): boolean {
  return (
    connector.enabled &&
    (connector.authMechanism.includes("ExternalAuthoritative") ||
      (connector.anonymousRelay && connector.permissionGroups.includes("AnonymousUsers")))
  );
}

/** True when clients can prove who they are. API keys go by HTTP, whatever the mechanisms are. */
export function takesLogons({
  authMechanism,
  httpBindings,
}: Pick<Gate, "authMechanism" | "httpBindings">): boolean {
  return (
    httpBindings.length > 0 ||
    authMechanism.some((one) => one === "BasicAuth" || one === "OAuth" || one === "ClientCertificate")
  );
}

/** True when anybody at all may send to recipients outside the accepted domains. */
export function grantsRelay(connector: Gate): boolean {
  return (
    relaysUnauthenticated(connector) ||
    (connector.enabled && takesLogons(connector) && connector.permissionGroups.includes("ExchangeUsers"))
  );
}

/** True when the connector relays for a large part of the Internet. */
export function isOpenRelay(connector: Gate): boolean {
  return relaysUnauthenticated(connector) && reachesInternet(connector.remoteIpRanges);
}

function reachesInternet(ranges: readonly IpRange[]): boolean {
  const open = ranges.filter((range) => !isPrivateRange(range));
  const count = (family: 4 | 6): bigint =>
    open.reduce((sum, range) => (range.family === family ? sum + rangeSize(range) : sum), 0n);
  return count(4) >= manyIpv4 || count(6) >= manyIpv6;
}
