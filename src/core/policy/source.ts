/**
 * What counts as one source: an IPv4 address by itself (v4-mapped ones are IPv4), IPv6 by a prefix, because a single
 * host has a whole /64 at its hands.
 */
import { type IpAddress, formatAddress } from "../units/ip-address.ts";

/** `ipv6PrefixLength`: 1..128 bits of an IPv6 address that make one source; by default a whole /64. */
export function sourceKey(address: IpAddress, ipv6PrefixLength = 64): string {
  if (address.family === 4 || ipv6PrefixLength === 128) return formatAddress(address);
  const hostBits = BigInt(128 - ipv6PrefixLength);
  const network = (address.value >> hostBits) << hostBits;
  return `${formatAddress({ family: 6, value: network })}/${ipv6PrefixLength}`;
}
