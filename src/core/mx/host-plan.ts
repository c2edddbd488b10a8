/** The hosts that mail of a domain is offered to, in order, once their addresses are known; or why there are none. */
import { addressesByFamily, type FamilyRule } from "../policy/ip-preference.ts";
import { later, refused, type AddressAnswer, type AddressAnswers, type NoHosts } from "./dns-facts.ts";
import { loops, type Exchanger, type Exchangers, type Skipped } from "./exchangers.ts";

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
}

export interface PlanRules extends FamilyRule {
  /** An address and port at which this relay takes mail itself. */
  readonly isOwnAddress: (address: string) => boolean;
}

/** `answers`: those of each host. */
export function planHosts(
  domain: string,
  { hosts, by, skipped: before }: Exchangers,
  answers: ReadonlyMap<string, AddressAnswers>,
  rules: PlanRules,
): HostPlan | NoHosts {
  const skipped: Skipped[] = [...before];
  const unknown: string[] = [];
  const usable: MailHost[] = [];
  let own = Infinity;
  for (const { name, preference } of hosts) {
    const found = addressesOf(answers.get(name), rules);
    // By whichever family it is reached: what it does with the mail is the same.
    if (found.all.some(rules.isOwnAddress)) own = Math.min(own, preference);
    if (found.addresses.length > 0) usable.push({ name, preference, addresses: found.addresses });
    else {
      skipped.push({ host: name, reason: found.reason });
      if (found.isUnknown) unknown.push(`${name}: ${found.reason}`);
    }
  }
  const left = usable.filter(({ preference }) => preference < own);
  for (const { name, preference } of usable)
    if (preference >= own) skipped.push({ host: name, reason: "this relay itself, or not better than it" });
  if (left.length > 0) return { kind: "hosts", groups: groupsOf(left), by, skipped };
  if (own < Infinity) return loops(domain);
  if (unknown.length > 0)
    return later(
      "4.4.3",
      `the addresses of ${domain}'s mail hosts cannot be found out: ${unknown.join("; ")}`,
    );
  if (by === "implicit" && rules.only === undefined)
    return refused(550, "5.4.4", `SMTPSEND.DNS.InvalidData; ${domain} has neither MX nor address records`);
  const told = skipped.map(({ host, reason }) => `${host}: ${reason}`).join("; ");
  return later("4.4.4", `no mail host of ${domain} has an address to connect to: ${told}`);
}

/**
 * The hosts for one attempt: by preference, and at random where it is equal (RFC 5321 §5.1). `random`: a number in [0, 1).
 */
export function inTurn<Host>(groups: readonly (readonly Host[])[], random: () => number): Host[] {
  return groups.flatMap((group) => {
    const order = [...group];
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other] as Host, order[last] as Host];
    }
    return order;
  });
}

/**
 * Names the set of hosts in its order: domains of one provider share a site, and with it connections and their limits.
 * `mx1.example.net|mx2.example.net>backup.example.net`.
 */
export function siteOf({ groups }: Pick<HostPlan, "groups">): string {
  return groups.map((group) => group.map(({ name }) => name).join("|")).join(">");
}

function groupsOf(hosts: readonly MailHost[]): readonly (readonly MailHost[])[] {
  const groups: MailHost[][] = [];
  for (const host of hosts) {
    const last = groups.at(-1);
    if (last?.[0]?.preference === host.preference) last.push(host);
    else groups.push([host]);
  }
  return groups;
}

interface FoundAddresses {
  /** Of both families. */
  readonly all: readonly string[];
  readonly addresses: readonly string[];
  readonly reason: string;
  readonly isUnknown: boolean;
}

/** One family that cannot be found out does not keep the other from being used. */
function addressesOf(answers: AddressAnswers | undefined, rule: FamilyRule): FoundAddresses {
  if (answers === undefined) return { all: [], addresses: [], reason: "not looked up", isUnknown: true };
  const { ipv4, ipv6 } = answers;
  const both = [ipv4, ipv6];
  const all = both.flatMap((answer) => (answer.kind === "found" ? answer.records : []));
  const addresses = addressesByFamily(all, rule);
  if (addresses.length > 0) return { all, addresses, reason: "", isUnknown: false };
  const { only } = rule;
  const allowed = only === undefined ? both : [only === 6 ? ipv6 : ipv4];
  const unknown = allowed.find((answer) => "detail" in answer);
  if (unknown !== undefined) return { all, addresses, reason: reasonOf(unknown), isUnknown: true };
  if (all.length > 0)
    return {
      all,
      addresses,
      reason: `no IPv${only ?? ""} address, and sourceIpAddress or ipPreference allows no other`,
      isUnknown: false,
    };
  const isMissing = both.every(({ kind }) => kind === "nxdomain");
  return { all, addresses, reason: isMissing ? "DNS has no such name" : "no address", isUnknown: false };
}

function reasonOf(answer: AddressAnswer): string {
  return "detail" in answer ? answer.detail : answer.kind;
}
