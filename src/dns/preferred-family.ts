/** Which family of addresses is tried first: without an IPv6 address of its own a machine gets nowhere by IPv6. */
import type { MachineAddress } from "../ports/machine-addresses.ts";

/** Of a machine that has these. */
export function preferredFamily(addresses: readonly MachineAddress[]): 4 | 6 {
  return addresses.some(isGlobalIpv6) ? 6 : 4;
}

/** 2000::/3: neither link-local nor private. */
function isGlobalIpv6({ family, address, internal }: MachineAddress): boolean {
  return family === "IPv6" && !internal && /^[23]/u.test(address);
}
