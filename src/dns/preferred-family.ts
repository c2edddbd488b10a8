/** Which family of addresses is tried first: without an IPv6 address of its own a machine gets nowhere by IPv6. */
import { networkInterfaces } from "node:os";

/** Cost: a system call; asked where names are resolved, not for each message. */
export function preferredFamily(): 4 | 6 {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(isGlobalIpv6)) ? 6 : 4;
}

/** 2000::/3: neither link-local nor private. */
function isGlobalIpv6({
  family,
  address,
  internal,
}: {
  family: string;
  address: string;
  internal: boolean;
}): boolean {
  return family === "IPv6" && !internal && /^[23]/u.test(address);
}
