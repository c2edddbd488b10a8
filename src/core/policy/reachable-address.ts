/** Where others reach what listens on any address of this machine. */
import type { Endpoint } from "./receive-connector.ts";

export interface OwnAddress {
  readonly address: string;
  /** Of loopback. */
  readonly internal: boolean;
}

const wildcards: readonly string[] = ["0.0.0.0", "::"];

/**
 * The endpoint itself, or for a wildcard the first address of this machine that others can reach, those of its own family first; `own`
 * in the system's order. A machine that has none keeps the wildcard.
 */
export function reachableEndpoint(endpoint: Endpoint, own: readonly OwnAddress[]): Endpoint {
  if (!wildcards.includes(endpoint.address)) return endpoint;
  const reachable = own.filter(({ address, internal }) => !internal && !isLinkLocal(address));
  const isV6 = (address: string): boolean => address.includes(":");
  const first =
    reachable.find(({ address }) => isV6(address) === isV6(endpoint.address)) ??
    // A socket on :: takes both.
    (endpoint.address === "::" ? reachable[0] : undefined);
  return first === undefined ? endpoint : { ...endpoint, address: first.address };
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/i.test(address);
}
