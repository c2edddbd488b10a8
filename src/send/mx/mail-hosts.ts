/**
 * From a recipient domain to the hosts that take its mail: what DNS says, what core/mx makes of it, and what is needed to decide
 * how TLS with each must be.
 */
import type { AddressAnswers, NoHosts } from "../../core/mx/dns-facts.ts";
import { addressLiteral, exchangersOf, literalExchanger, type Exchangers } from "../../core/mx/exchangers.ts";
import { planHosts, type HostPlan, type PlanRules } from "../../core/mx/host-plan.ts";
import { isPublicAddress } from "../../core/policy/public-address.ts";
import { addressesByFamily, familyRule, type Family } from "../../core/policy/ip-preference.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { DaneFact, DestinationFacts, StsFact } from "../../core/tls-policy/tls-facts.ts";
import { isUnknown, type Lookup, type Resolver } from "../../ports/lookup.ts";
import { daneFactOf, tlsaName, type FoundDane } from "./dane-facts.ts";
import type { StsSource } from "./sts-source.ts";
import type { OwnPlaces } from "./own-relay.ts";

export interface FoundHosts {
  readonly result: HostPlan | NoHosts;
  /** Undefined for an address in brackets. */
  readonly mx: Lookup<"MX"> | undefined;
  /** Of each exchanger that was looked up. */
  readonly addresses: ReadonlyMap<string, { readonly ipv4: Lookup<"A">; readonly ipv6: Lookup<"AAAA"> }>;
  readonly destination: DestinationFacts;
  /** Of each host of the result. */
  readonly dane: ReadonlyMap<string, DaneFact>;
  /** There may be TLSA records of hosts that could not be found out. */
  readonly mayHaveDane: boolean;
  /** Milliseconds for which nothing of it changes. */
  readonly keepMs: number;
}

export interface MailHosts {
  /** Never rejects. Cost: what is kept already a promise for each record; else questions to the DNS, those of the hosts at once. */
  of(domain: string): Promise<FoundHosts>;
  /** Addresses of one of the hosts, in the order to try. Rejects when there are none. */
  addresses(host: string): Promise<readonly string[]>;
  /** As the resolver's: with another one, what was found counts no more. */
  generation(): number;
  /** Whatever is kept of a domain, and of the hosts that were found for it, is asked for anew. */
  forget(domain: string, found: FoundHosts | undefined): void;
}

export interface MailHostsContext {
  readonly connector: SmtpSendConnector;
  readonly resolver: Resolver;
  /** Left out: nobody has a policy. */
  readonly sts?: StsSource | undefined;
  readonly own: OwnPlaces;
  /** The family that comes first where a host has both and the connector has no preference. */
  readonly first: () => Family;
  /** In [0, 1). */
  readonly random: () => number;
}

/** An address stays as it is. */
const literalKeepMs = 86_400_000;

export function createMailHosts(context: MailHostsContext): MailHosts {
  const { connector, resolver, sts, own, first, random } = context;
  const isAllowed = connector.mxAllowPrivateHosts ? undefined : isPublicAddress;
  const rules = (): PlanRules => ({
    isOwnAddress: (address) => own.isOwnAddress(address, connector.port),
    isOwnName: (name) => own.isOwnName(name),
    isAllowed,
    ...familyRule(connector, first()),
  });

  const lookUpBoth = async (name: string) => {
    const [ipv4, ipv6] = await Promise.all([resolver.lookUp(name, "A"), resolver.lookUp(name, "AAAA")]);
    return { ipv4, ipv6 };
  };

  const finish = async (
    domain: string,
    exchangers: Exchangers | NoHosts,
    mx: Lookup<"MX">,
    policy: { readonly sts: StsFact; readonly keepMs: number },
  ): Promise<FoundHosts> => {
    const told = isUnknown(mx) ? undefined : mx;
    const isSigned = told?.isAuthenticated === true;
    // Servers that do not check signatures pass on what anybody says of them.
    const isChecked = (isSigned || told === undefined) && (await resolver.dnssec?.())?.kind !== "off";
    const mayHaveDane = connector.daneEnabled && isChecked;
    const destination: DestinationFacts = {
      isSecure: isSigned && isChecked,
      names: [...new Set([domain, told?.canonicalName ?? domain])],
      sts: policy.sts,
    };
    if (exchangers.kind !== "exchangers")
      return { ...noFacts, destination, result: milder(exchangers), mx, mayHaveDane, keepMs: mx.keepMs };
    const looked = await Promise.all(
      exchangers.hosts.map(async ({ name }) => [name, await lookUpBoth(name)] as const),
    );
    const addresses = new Map(looked);
    const times = looked.flatMap(([, { ipv4, ipv6 }]) => [ipv4.keepMs, ipv6.keepMs]);
    const result = milder(planHosts(domain, exchangers, addresses, rules()));
    const names = result.kind === "hosts" ? result.groups.flat().map(({ name }) => name) : [];
    const found = await Promise.all(
      names.map(async (name) => [name, await daneOf(name, isSigned, addresses)] as const),
    );
    return {
      result,
      mx,
      addresses,
      destination,
      dane: new Map(found.map(([name, { fact }]) => [name, fact])),
      mayHaveDane,
      keepMs: Math.min(mx.keepMs, policy.keepMs, ...times, ...found.map(([, one]) => one.keepMs)),
    };
  };

  const daneOf = async (
    name: string,
    isSigned: boolean,
    addresses: FoundHosts["addresses"],
  ): Promise<FoundDane> => {
    const unasked = (reason: string): FoundDane => ({ fact: { kind: "unasked", reason }, keepMs: Infinity });
    if (!connector.daneEnabled) return unasked("daneEnabled is false");
    if (!isSigned) return unasked("the MX records are not signed");
    const found = addresses.get(name);
    return found === undefined ? unasked("") : daneFactOf({ name, ...found }, connector.port, resolver);
  };

  /** Exchange's DowngradeDnsFailures: what DNS denies is tried again until it expires. */
  const milder = <Result extends HostPlan | NoHosts>(result: Result): Result | NoHosts =>
    result.kind === "refused" &&
    result.status === "5.4.4" &&
    connector.errorPolicies.includes("DowngradeDnsFailures")
      ? { kind: "later", status: "4.4.4", text: result.text.replace(/^\S+ \S+/, "451 4.4.4") }
      : result;

  return {
    async of(domain) {
      const literal = addressLiteral(domain);
      if (literal !== undefined) {
        const found = addressFound(literal);
        const exchangers = literalExchanger(literal);
        const answers = new Map<string, AddressAnswers>([[literal, found]]);
        return {
          ...noFacts,
          result: planHosts(domain, exchangers, answers, rules()),
          mx: undefined,
          keepMs: literalKeepMs,
        };
      }
      const [mx, policy = noPolicy] = await Promise.all([
        resolver.lookUp(domain, "MX"),
        sts?.of(domain, connector),
      ]);
      return finish(
        domain,
        exchangersOf(domain, mx, (name) => own.isOwnName(name), random),
        mx,
        policy,
      );
    },
    async addresses(host) {
      // One that is not allowed is no host of any plan.
      if (isAddress(host)) return [host];
      const { ipv4, ipv6 } = await lookUpBoth(host);
      const both = [ipv4, ipv6];
      const all = both.flatMap((lookup) => (lookup.kind === "found" ? lookup.records : []));
      const allowed = isAllowed === undefined ? all : all.filter(isAllowed);
      const usable = addressesByFamily(allowed, familyRule(connector, first()));
      // DNS may say something else by now than when the hosts were chosen.
      const found = usable.filter((address) => !own.isOwnAddress(address, connector.port));
      if (found.length > 0) return found;
      if (usable.length > 0) throw new Error("the name leads back to this relay");
      if (allowed.length < all.length)
        throw new Error(`no public address: ${all.join(", ")} (see mxAllowPrivateHosts)`);
      if (all.length > 0) throw new Error("the name has no address of the family that is to be used");
      const unknown = both.find((lookup) => "detail" in lookup);
      throw new Error(
        unknown !== undefined && "detail" in unknown ? unknown.detail : "the name has no address",
      );
    },
    generation: () => resolver.generation?.() ?? 0,
    forget(domain, found) {
      resolver.forget(domain);
      sts?.forget?.(domain);
      for (const [host, { ipv4, ipv6 }] of found?.addresses ?? []) {
        resolver.forget(host);
        if ((found?.dane.get(host)?.kind ?? "unasked") === "unasked") continue;
        const behind = [ipv4, ipv6].map((one) => ("canonicalName" in one ? one.canonicalName : host));
        for (const name of new Set([host, ...behind])) resolver.forget(tlsaName(name, connector.port));
      }
    },
  };
}

const noPolicy = { sts: { kind: "none" }, keepMs: Infinity } as const;
/** Of an address, and of a domain without hosts. */
const noFacts = {
  addresses: new Map<string, never>(),
  destination: { isSecure: false, names: [], sts: noPolicy.sts },
  dane: new Map<string, never>(),
  mayHaveDane: false,
} as const;

const isAddress = (host: string): boolean => host.includes(":") || /^[\d.]+$/.test(host);

function addressFound(address: string): AddressAnswers {
  const found = { kind: "found", canonicalName: address, records: [address] } as const;
  const none = { kind: "nodata", canonicalName: address } as const;
  return address.includes(":") ? { ipv4: none, ipv6: found } : { ipv4: found, ipv6: none };
}
