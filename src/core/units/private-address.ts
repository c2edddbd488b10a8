/** Addresses that cannot come from the Internet: loopback, private, link-local, shared (RFC 6890, RFC 4193, RFC 6598). */
import { type IpAddress, type IpRange, contains, ipRange, overlap } from "./ip-range.ts";

export const privateRanges: readonly IpRange[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1",
  "fc00::/7",
  "fe80::/10",
].map(ipRange);

const loopbackRanges: readonly IpRange[] = ["127.0.0.0/8", "::1"].map(ipRange);

/** This machine only. */
export function isLoopbackAddress(address: IpAddress): boolean {
  return loopbackRanges.some((range) => contains(range, address));
}

export function isPrivateAddress(address: IpAddress): boolean {
  return privateRanges.some((range) => contains(range, address));
}

/** True when every address of the range is private. */
export function isPrivateRange(range: IpRange): boolean {
  return privateRanges.some((outer) => {
    const lies = overlap(range, outer);
    return lies === "same" || lies === "inside";
  });
}
