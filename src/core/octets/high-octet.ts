/** True when an octet is above 127. Linear, and ends at the first one found. */
export function hasHighOctet(octets: Uint8Array): boolean {
  for (let i = 0; i < octets.length; i++) if (octets[i]! > 127) return true;
  return false;
}
