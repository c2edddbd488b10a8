/** Which addresses a host that strangers name may have: whoever owns a domain chooses what its policy host resolves to. */
import ipaddr from "ipaddr.js";

/**
 * False: loopback, link-local, private, shared and reserved ranges, and what is no address; an IPv4 address within an IPv6
 * address (mapped, NAT64) counts as itself.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  const range: string = parsed.range();
  if (range === "rfc6052") {
    const embedded = parsed.toByteArray().slice(-4);
    return ipaddr.fromByteArray(embedded).range() === "unicast";
  }
  return range === "unicast";
}
