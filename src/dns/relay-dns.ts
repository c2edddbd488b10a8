/** The relay's DNS put together: one resolver for mail exchangers and for the names of hosts that administrators give. */
import type { Resolver } from "../ports/lookup.ts";
import type { Clock, Ports } from "../ports/ports.ts";
import { createHostAddresses } from "./host-addresses.ts";
import { followHostsFile } from "./hosts-file.ts";
import { parseNameServer, type NameServer } from "./name-server.ts";
import { preferredFamily } from "./preferred-family.ts";
import { followResolverFile } from "./system-name-servers.ts";

/** `given`: what a test or an embedding program brings itself, which is used as it is. `settings` is asked each time. */
export function withDns(
  system: Ports,
  given: Partial<Ports>,
  settings: () => { readonly externalDnsServers: readonly string[] },
): Ports {
  const { clock } = system;
  const file = followResolverFile();
  const servers = (): readonly NameServer[] => {
    const named = settings().externalDnsServers.flatMap((text) => parseNameServer(text) ?? []);
    return named.length > 0 ? named : file().servers;
  };
  const resolver = given.resolver ?? whenAsked(clock, servers);
  const dns =
    given.dns ??
    createHostAddresses({
      resolver,
      table: followHostsFile(),
      search: file,
      system: system.dns,
      first: preferredFamily,
    });
  return { ...system, dns, resolver };
}

/** What reads and writes packets is loaded with the first question: a start does not wait for it. */
function whenAsked(clock: Clock, servers: () => readonly NameServer[]): Resolver {
  let loading: Promise<Resolver> | undefined;
  const load = async (): Promise<Resolver> => {
    const [{ createResolver }, { exchange }] = await Promise.all([
      import("./resolver.ts"),
      import("./exchange.ts"),
    ]);
    return createResolver({ clock, servers, exchange });
  };
  return {
    lookUp: async (name, type) => (await (loading ??= load())).lookUp(name, type),
    // Of what was never asked nothing is kept.
    forget: (name) => void loading?.then((resolver) => resolver.forget(name)),
  };
}
