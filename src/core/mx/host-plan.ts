/** The hosts that mail of a domain is offered to, in order, once their addresses are known; or why there are none. */
import { addressesByFamily, type FamilyRule } from "../policy/ip-preference.ts";
import { later, refused, type AddressAnswer, type AddressAnswers, type NoHosts } from "./dns-facts.ts";
import { groupsOf, loops, type Exchanger, type Exchangers, type Skipped } from "./exchangers.ts";

export interface MailHost extends Exchanger {
  /** Of both families, each family in the order of DNS; at least one. */
  readonly addresses: readonly string[];
}

export interface HostPlan {
  readonly kind: "hosts";
  /** Best first. Hosts of one group have the same preference: which of them is first is for the attempt (`inTurn`). */
  readonly groups: readonly (readonly MailHost[])[];
  readonly by: Exchangers["by"];
  readonly skipped: readonly Skipped[];
  /** As of Exchangers. */
  readonly site: string;
}

export interface PlanRules extends FamilyRule {
  /** An address and port at which this relay takes mail itself. */
  readonly isOwnAddress: (address: string) => boolean;
  /** A name of this relay, lower case. */
  readonly isOwnName: (name: string) => boolean;
  /** Hosts may be there. Left out: anywhere. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
}

/** `answers`: those of each host. */
export function planHosts(
  domain: string,
  { hosts, by, skipped: before, site }: Exchangers,
  answers: ReadonlyMap<string, AddressAnswers>,
  rules: PlanRules,
): HostPlan | NoHosts {
  const skipped: Skipped[] = [...before];
  const unknown: string[] = [];
  const usable: MailHost[] = [];
  let own = Infinity;
  let hasAddress = false;
  for (const { name, preference } of hosts) {
    const found = addressesOf(answers.get(name), rules);
    hasAddress ||= found.all.length > 0;
    // By whichever family it is reached: what it does with the mail is the same. Behind NAT the name at the end of an alias may say
    // more than the address.
    if (found.names.some(rules.isOwnName) || found.all.some(rules.isOwnAddress))
      own = Math.min(own, preference);
    if (found.addresses.length > 0) usable.push({ name, preference, addresses: found.addresses });
    else {
      skipped.push({ host: name, reason: found.reason });
      if (found.isUnknown) unknown.push(`${name}: ${found.reason}`);
    }
  }
  const left = usable.filter(({ preference }) => preference < own);
  for (const { name, preference } of usable)
    if (preference >= own) skipped.push({ host: name, reason: "this relay itself, or not better than it" });
  if (left.length > 0) return { kind: "hosts", groups: groupsOf(left), by, skipped, site };
  if (own < Infinity) return loops(domain);
  if (unknown.length > 0)
    return later(
      "4.4.3",
      `the addresses of ${domain}'s mail hosts cannot be found out: ${unknown.join("; ")}`,
    );
  if (by === "implicit" && !hasAddress && rules.only === undefined)
    return refused(550, "5.4.4", `SMTPSEND.DNS.InvalidData; ${domain} has neither MX nor address records`);
  // An address stays what it is: to wait would only tell the sender later.
  if (by === "literal") {
    const reasons = skipped.map(({ reason }) => reason).join("; ");
    return refused(550, "5.1.2", `this relay sends no mail to ${domain}: ${reasons}`);
  }
  const told = skipped.map(({ host, reason }) => `${host}: ${reason}`).join("; ");
  return later("4.4.4", `no mail host of ${domain} has an address to connect to: ${told}`);
}

interface FoundAddresses {
  /** Of both families. */
  readonly all: readonly string[];
  /** Behind all aliases. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly reason: string;
  readonly isUnknown: boolean;
}

/** One family that cannot be found out does not keep the other from being used. */
function addressesOf(answers: AddressAnswers | undefined, rule: PlanRules): FoundAddresses {
  if (answers === undefined)
    return { all: [], names: [], addresses: [], reason: "not looked up", isUnknown: true };
  const { ipv4, ipv6 } = answers;
  const both = [ipv4, ipv6];
  const found = both.filter((answer) => answer.kind === "found");
  const all = found.flatMap(({ records }) => records);
  const names = found.map(({ canonicalName }) => canonicalName);
  const allowed = rule.isAllowed === undefined ? all : all.filter(rule.isAllowed);
  const addresses = addressesByFamily(allowed, rule);
  if (addresses.length > 0) return { all, names, addresses, reason: "", isUnknown: false };
  const { only } = rule;
  const asked = only === undefined ? both : [only === 6 ? ipv6 : ipv4];
  const unknown = asked.find((answer) => "detail" in answer);
  if (unknown !== undefined) return { all, names, addresses, reason: reasonOf(unknown), isUnknown: true };
  if (allowed.length < all.length)
    return {
      all,
      names,
      addresses,
      reason: `no public address: ${all.join(", ")} (see mxAllowPrivateHosts)`,
      isUnknown: false,
    };
  if (all.length > 0)
    return {
      all,
      names,
      addresses,
      reason: `no IPv${only ?? ""} address, and sourceIpAddress or ipPreference allows no other`,
      isUnknown: false,
    };
  const isMissing = both.every(({ kind }) => kind === "nxdomain");
  return {
    all,
    names,
    addresses,
    reason: isMissing ? "DNS has no such name" : "no address",
    isUnknown: false,
  };
}

function reasonOf(answer: AddressAnswer): string {
  return "detail" in answer ? answer.detail : answer.kind;
}
