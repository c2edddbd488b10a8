/** How this relay is known to others, so that it does not hand mail to itself. */
import ipaddr from "ipaddr.js";
import type { Endpoint } from "../../core/policy/receive-connector.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { formatAddress, parseAddress } from "../../core/units/ip-range.ts";
import { machineAddresses, type MachineAddress } from "../../ports/machine-addresses.ts";

export interface OwnRelay {
  /** Lower case. */
  isOwnName(host: string): boolean;
  /** It takes mail there itself. */
  isOwnAddress(address: string, port: number): boolean;
  /** This machine, or what stands in front of it, whatever listens there. */
  isThisMachine(address: string): boolean;
}

/** What a route is checked by. */
export type OwnPlaces = Pick<OwnRelay, "isOwnName" | "isOwnAddress">;

export interface KnownAs {
  /** `ownAddresses`: canonical; addresses and names that nothing else here tells. */
  readonly transport: { readonly ownAddresses: readonly string[] };
  readonly hostname: string;
  readonly receiveConnectors: readonly {
    readonly enabled: boolean;
    readonly fqdn: string;
    readonly bindings: readonly Endpoint[];
  }[];
  readonly sendConnectors: readonly SendConnectorSettings[];
}

/** `settings` is asked each time, so that a changed configuration counts at once; `machine`: this one's addresses. */
export function createOwnRelay(
  settings: () => KnownAs,
  machine: () => readonly MachineAddress[] = machineAddresses,
): OwnRelay {
  const isOfThisMachine = (address: string): boolean =>
    address.startsWith("127.") || machine().some((own) => canonical(own.address) === address);
  return {
    isOwnName(host) {
      const { hostname, receiveConnectors, sendConnectors, transport } = settings();
      const isOwn = (name: string): boolean => name.toLowerCase() === host;
      return (
        isOwn(hostname) ||
        transport.ownAddresses.includes(host) ||
        receiveConnectors.some(({ fqdn }) => isOwn(fqdn)) ||
        sendConnectors.some((connector) => "fqdn" in connector && isOwn(connector.fqdn))
      );
    },
    isOwnAddress(given, port) {
      const { receiveConnectors, transport } = settings();
      const bindings = receiveConnectors
        .filter(({ enabled }) => enabled)
        .flatMap((connector) => connector.bindings)
        .filter((binding) => binding.port === port);
      if (bindings.length === 0 && transport.ownAddresses.length === 0) return false;
      const address = reachedBy(given);
      if (transport.ownAddresses.includes(address)) return true;
      if (bindings.some((binding) => canonical(binding.address) === address)) return true;
      const wildcard = address.includes(":") ? "::" : "0.0.0.0";
      return bindings.some((binding) => binding.address === wildcard) && isOfThisMachine(address);
    },
    isThisMachine(given) {
      const address = reachedBy(given);
      return settings().transport.ownAddresses.includes(address) || isOfThisMachine(address);
    },
  };
}

/** DNS gives IPv6 addresses in other forms too. */
function canonical(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed);
}

const fourParts = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;

/** Where a connection to it ends: an IPv4 address within IPv6 is that address, and the unspecified one is this machine. */
function reachedBy(address: string): string {
  // As A records have it: nothing is to be parsed of it.
  if (fourParts.test(address)) return address === "0.0.0.0" ? "127.0.0.1" : address;
  const plain = canonical(ipaddr.isValid(address) ? ipaddr.process(address).toString() : address);
  return plain === "0.0.0.0" ? "127.0.0.1" : plain === "::" ? "::1" : plain;
}
