/**
 * What counts as one source. IPv4 addresses by themselves, v4-mapped ones folded into them; IPv6 by its /64,
 * because a single host has a whole /64 at its hands.
 */
const v4Mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as it is shown and matched: v4-mapped folded, scope dropped, lower case. */
export function canonicalAddress(address: string): string {
  const mapped = v4Mapped.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const scope = address.indexOf("%");
  return (scope === -1 ? address : address.slice(0, scope)).toLowerCase();
}

/** `address` as canonicalAddress gives it. */
export function sourceKey(address: string): string {
  return address.includes(":") ? `${firstFourGroups(address)}::/64` : address;
}

function firstFourGroups(address: string): string {
  const [head = "", tail] = address.split("::");
  const leading = head === "" ? [] : head.split(":");
  const trailing = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - leading.length - trailing.length;
  const groups = [...leading, ...Array.from({ length: missing }, () => "0"), ...trailing];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}

/** Loopback, link-local and private-use addresses (RFC 1918, 4193, 4291, 3927, 6598). */
export function isPrivateAddress(address: string): boolean {
  if (address.includes(":")) return /^(?:::1$|f[cd]|fe[89ab])/.test(address);
  const [a = 0, b = 0] = address.split(".").map(Number);
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
}
