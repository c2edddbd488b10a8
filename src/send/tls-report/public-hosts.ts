/** Names of hosts that strangers give, for HTTPS: by our own resolver, and to public addresses only. */
import { isIP } from "node:net";
import { HttpFailure, createHttpRequest, type HttpRequest } from "../../ports/http-request.ts";
import type { Resolver } from "../../ports/lookup.ts";
import type { Clock } from "../../ports/ports.ts";
import { isPublicAddress } from "../../core/policy/public-address.ts";

/**
 * As `createHttpRequest`. `allowsPrivate`: asked each time. `isThisMachine`: it is public, but what listens there may believe whoever
 * comes from here.
 */
export function publicHttpRequest(
  resolver: Resolver,
  clock: Clock,
  allowsPrivate: () => boolean,
  isThisMachine: (address: string) => boolean,
): HttpRequest {
  const isAllowed = (address: string): boolean =>
    allowsPrivate() || (isPublicAddress(address) && !isThisMachine(address));
  const request = createHttpRequest({
    clock,
    dns: {
      async addresses(host) {
        const lookups = await Promise.all([resolver.lookUp(host, "A"), resolver.lookUp(host, "AAAA")]);
        const found = lookups.flatMap((lookup) => (lookup.kind === "found" ? lookup.records : []));
        const usable = found.filter(isAllowed);
        if (usable.length > 0) return usable;
        throw new Error(found.length === 0 ? `${host} has no address` : `${host} has no public address`);
      },
    },
  });
  return (outgoing) => {
    // Of an address nobody would be asked.
    const host = new URL(outgoing.url).hostname.replace(/^\[(.*)\]$/, "$1");
    return isIP(host) === 0 || isAllowed(host)
      ? request(outgoing)
      : Promise.reject(new HttpFailure(`${host} is no public address`, { reached: false, sent: false }));
  };
}
