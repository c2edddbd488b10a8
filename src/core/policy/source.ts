/**
 * What counts as one source: an IPv4 address by itself (v4-mapped ones are IPv4), IPv6 by its /64, because a
 * single host has a whole /64 at its hands.
 */
import { type IpAddress, formatAddress } from "../units/ip-address.ts";

export function sourceKey(address: IpAddress): string {
  if (address.family === 4) return formatAddress(address);
  const network = (address.value >> 64n) << 64n;
  return `${formatAddress({ family: 6, value: network })}/64`;
}
