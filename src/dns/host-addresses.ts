/**
 * Addresses of hosts that an administrator names. Asked in this order, until one knows the name:
 *
 * 1. what is an address itself, and `localhost` (RFC 6761 §6.3);
 * 2. the machine's table, /etc/hosts;
 * 3. DNS, by our own resolver: kept as long as the TTL says; names without a dot by the search list of resolv.conf(5);
 * 4. the system's resolver, which may know other sources (mDNS, NIS, WINS).
 */
import { isIP } from "node:net";
import { isUnknown, type Resolver } from "../ports/lookup.ts";
import type { Dns } from "../ports/ports.ts";

const localhost: readonly string[] = ["127.0.0.1", "::1"];

export interface HostAddressSources {
  readonly resolver: Resolver;
  /** By name in lower case. */
  readonly table: (name: string) => readonly string[] | undefined;
  /** Domains that names are looked for in; `dots`: names with so many are tried as they are first. */
  readonly search: () => { readonly search: readonly string[]; readonly dots: number };
  readonly system: Dns;
  /** The family that comes first where a name has both. */
  readonly first: () => 4 | 6;
}

/** Rejects with the system's word on names that nobody knows. */
export function createHostAddresses(sources: HostAddressSources): Dns {
  const { resolver, table, search, system, first } = sources;

  const candidates = (name: string): readonly string[] => {
    if (name.endsWith(".")) return [name];
    const { search: domains, dots } = search();
    const within = domains.map((domain) => `${name}.${domain}`);
    return name.split(".").length > dots ? [name, ...within] : [...within, name];
  };

  /** No addresses: DNS has none. Undefined: nobody knows, and to ask for other names is of no use. */
  const askDns = async (name: string): Promise<readonly string[] | undefined> => {
    const [ipv4, ipv6] = await Promise.all([resolver.lookUp(name, "A"), resolver.lookUp(name, "AAAA")]);
    const order = first() === 6 ? [ipv6, ipv4] : [ipv4, ipv6];
    const found = order.flatMap((lookup) => (lookup.kind === "found" ? lookup.records : []));
    if (found.length > 0) return found;
    return order.some((lookup) => isUnknown(lookup) && lookup.kind !== "invalid-name") ? undefined : [];
  };

  return {
    async addresses(host) {
      const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host.toLowerCase();
      if (isIP(bare) !== 0) return [bare];
      if (bare === "localhost" || bare.endsWith(".localhost")) return localhost;
      const listed = table(bare);
      if (listed !== undefined) return listed;
      for (const name of candidates(bare)) {
        const found = await askDns(name);
        if (found === undefined) break;
        if (found.length > 0) return found;
      }
      return await system.addresses(bare);
    },
    forget(host) {
      for (const name of candidates(host.toLowerCase())) resolver.forget(name);
      system.forget?.(host);
    },
  };
}
