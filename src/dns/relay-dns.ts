/** The relay's DNS put together: one resolver for mail exchangers and for the names of hosts that administrators give. */
import type { Resolver } from "../ports/lookup.ts";
import { followMachineAddresses } from "../ports/machine-addresses.ts";
import { loadedOnce } from "../ports/loaded-once.ts";
import type { Clock, Ports } from "../ports/ports.ts";
import { createHostAddresses } from "./host-addresses.ts";
import { followHostsFile } from "./hosts-file.ts";
import { keepUnknownMs } from "./keep-time.ts";
import { parseNameServer, type NameServer } from "./name-server.ts";
import { preferredFamily } from "./preferred-family.ts";
import { followResolverFile } from "./system-name-servers.ts";

interface DnsSettings {
  readonly externalDnsServers: readonly string[];
  readonly externalDnsServersTrusted: boolean;
}

/** At what the machine is set up with; milliseconds. */
const lookEveryMs = 1_000;

/** `given`: what a test or an embedding program brings itself, which is used as it is. `settings` is asked each time. */
export function withDns(
  system: Ports,
  given: Partial<Ports>,
  settings: () => DnsSettings & { readonly dnssecBogusName?: string | undefined },
): Ports {
  const { clock } = system;
  const file = followResolverFile();
  const addresses = followMachineAddresses(clock);
  const servers = followServers(clock, settings, () => file().servers);
  const resolver = given.resolver ?? whenAsked(clock, servers, () => settings().dnssecBogusName);
  const dns =
    given.dns ??
    createHostAddresses({
      resolver,
      table: followHostsFile(),
      search: file,
      system: system.dns,
      first: () => preferredFamily(addresses()),
    });
  return { ...system, dns, resolver };
}

/** Whom to ask: the same list while nothing has changed. Cost: a comparison. */
export function followServers(
  clock: Clock,
  settings: () => DnsSettings,
  ofMachine: () => readonly NameServer[],
): () => readonly NameServer[] {
  let of: DnsSettings | undefined;
  let named: readonly NameServer[] = [];
  let machines: readonly NameServer[] = [];
  let lookedAt = -Infinity;
  return () => {
    const now = settings();
    const { externalDnsServers: texts, externalDnsServersTrusted: isTrusted } = now;
    if (of?.externalDnsServers !== texts || of.externalDnsServersTrusted !== isTrusted) {
      of = now;
      named = texts.flatMap((text) => parseNameServer(text, isTrusted) ?? []);
    }
    if (named.length > 0) return named;
    if (clock.now() >= lookedAt + lookEveryMs) {
      lookedAt = clock.now();
      machines = ofMachine();
    }
    return machines;
  };
}

/** What reads and writes packets is loaded with the first question: a start does not wait for it. */
function whenAsked(
  clock: Clock,
  servers: () => readonly NameServer[],
  bogusName: () => string | undefined,
): Resolver {
  type Loaded = Resolver & Required<Pick<Resolver, "dnssec">>;
  let loaded: Loaded | undefined;
  const load = loadedOnce(async (): Promise<Loaded> => {
    const [{ createResolver }, { exchange }, { createDnssecStanding }] = await Promise.all([
      import("./resolver.ts"),
      import("./exchange.ts"),
      import("./dnssec-standing.ts"),
    ]);
    const dnssec = createDnssecStanding({ clock, servers, exchange, bogusName });
    return (loaded = { ...createResolver({ clock, servers, exchange }), dnssec });
  });
  return {
    async lookUp(name, type) {
      const resolver = loaded ?? (await load().catch(String));
      return typeof resolver === "string"
        ? { kind: "timeout", detail: `nobody could be asked: ${resolver}`, keepMs: keepUnknownMs }
        : resolver.lookUp(name, type);
    },
    // Who cannot ask knows nothing against the servers either.
    dnssec: () =>
      load().then(
        (resolver) => resolver.dnssec(),
        () => ({ kind: "on" }),
      ),
    // Of what was never asked nothing is kept.
    forget: (name) => loaded?.forget(name),
    generation: () => loaded?.generation?.() ?? 0,
  };
}
