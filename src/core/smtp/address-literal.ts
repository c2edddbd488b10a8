/** Address literals, `[192.0.2.1]` and `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3). */
import ipaddr from "ipaddr.js";

const longestAddress = 45;

/**
 * The canonical form, brackets included: IPv4 without leading zeros, IPv6 as RFC 5952 writes it, an IPv4-mapped
 * address as the IPv4 address it is. Undefined for anything else; general literals (`[tag:…]`) have no registered
 * tag and are refused.
 */
export function canonicalLiteral(literal: string): string | undefined {
  const end = literal.length - 1;
  if (end < 2 || end > longestAddress + 6 || literal[0] !== "[" || literal[end] !== "]") return undefined;
  if (literal.slice(1, 6).toLowerCase() === "ipv6:") return canonicalIpv6(literal.slice(6, end));
  const address = literal.slice(1, end);
  return ipaddr.IPv4.isValidFourPartDecimal(address) ? literal : undefined;
}

function canonicalIpv6(address: string): string | undefined {
  // ipaddr.js also takes zone ids, which name an interface of one host only.
  if (address.length > longestAddress || address.includes("%") || !ipaddr.IPv6.isValid(address))
    return undefined;
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return `[${parsed.toIPv4Address().toString()}]`;
  return `[IPv6:${parsed.toRFC5952String()}]`;
}
