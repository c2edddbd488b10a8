/** The hosts that mail of a domain is offered to, in order, once their addresses are known; or why there are none. */
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

export interface PlanRules {
  /** An address and port at which this relay takes mail itself. */
  readonly isOwnAddress: (address: string) => boolean;
  /** Only this family is to be had: that of the connector's source address. */
  readonly family: 4 | 6 | undefined;
  /** Of those that a host has both of, the family that is tried first. */
  readonly first: 4 | 6;
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
    if (found.addresses.some(rules.isOwnAddress)) own = Math.min(own, preference);
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
  if (by === "implicit" && rules.family === undefined)
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
  readonly addresses: readonly string[];
  readonly reason: string;
  readonly isUnknown: boolean;
}

/** One family that cannot be found out does not keep the other from being used. */
function addressesOf(answers: AddressAnswers | undefined, { family, first }: PlanRules): FoundAddresses {
  if (answers === undefined) return { addresses: [], reason: "not looked up", isUnknown: true };
  const { ipv4, ipv6 } = answers;
  const order = first === 6 ? [ipv6, ipv4] : [ipv4, ipv6];
  const allowed = family === undefined ? order : [family === 6 ? ipv6 : ipv4];
  const addresses = allowed.flatMap((answer) => (answer.kind === "found" ? answer.records : []));
  if (addresses.length > 0) return { addresses, reason: "", isUnknown: false };
  const unknown = allowed.find((answer) => "detail" in answer);
  if (unknown !== undefined) return { addresses, reason: reasonOf(unknown), isUnknown: true };
  if (order.some(({ kind }) => kind === "found"))
    return { addresses, reason: "no address of the family of sourceIpAddress", isUnknown: false };
  const isMissing = order.every(({ kind }) => kind === "nxdomain");
  return { addresses, reason: isMissing ? "DNS has no such name" : "no address", isUnknown: false };
}

function reasonOf(answer: AddressAnswer): string {
  return "detail" in answer ? answer.detail : answer.kind;
}
