/** Which addresses hosts that strangers name may have: whoever owns a domain chooses what its mail hosts and its policy host resolve to. */
import ipaddr from "ipaddr.js";

/**
 * False: loopback, link-local, private, shared and reserved ranges, and what is no address; an IPv4 address within an IPv6
 * address (mapped, NAT64) counts as itself. Cost: some microseconds.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  const range: string = parsed.range();
  if (range === "rfc6052") {
    const embedded = parsed.toByteArray().slice(-4);
    return ipaddr.fromByteArray(embedded).range() === "unicast";
  }
  // Of IPv6 nothing else than 2000::/3 is given out (RFC 4291 §2.4): what is left may be routed within a site, as ::10.0.0.1 or fec0::1.
  return (
    range === "unicast" && (parsed.kind() === "ipv4" || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20)
  );
}
