/**
 * From a recipient domain and its MX records to the hosts that take its mail, before their addresses are known. Sources: RFC
 * 5321 §5.1, RFC 7505, RFC 2181 §10.3.
 */
import ipaddr from "ipaddr.js";
import { later, refused, type MxAnswer, type NoHosts } from "./dns-facts.ts";

export interface Exchanger {
  /** Lower case, A-labels, no final dot; an address for a literal. */
  readonly name: string;
  /** 0..65535, lower first. */
  readonly preference: number;
}

/** A record that is not used, and why, in words. */
export interface Skipped {
  readonly host: string;
  readonly reason: string;
}

export interface Exchangers {
  readonly kind: "exchangers";
  /** At least one, best first; equal preferences in the order of their names. */
  readonly hosts: readonly Exchanger[];
  /** `mx`: by MX records; `implicit`: the domain itself, for it has none; `literal`: the address in brackets. */
  readonly by: "mx" | "implicit" | "literal";
  readonly skipped: readonly Skipped[];
  /**
   * Names the domain's exchangers in their order: domains of one provider share a site, and with it connections and their limits.
   * `mx1.example.net|mx2.example.net>backup.example.net`. It is the same whichever of very many are tried.
   */
  readonly site: string;
}

/** More hosts of one domain are not asked for their addresses; which of many with one preference is left to chance. */
export const mostExchangers = 20;

/** The address of a domain in brackets (RFC 5321 §4.1.3); undefined for any other. */
export function addressLiteral(domain: string): string | undefined {
  const [, tag, text = ""] = /^\[(ipv6:)?([^\]]+)\]$/i.exec(domain) ?? [];
  const isFitting = tag === undefined ? ipaddr.IPv4.isValidFourPartDecimal(text) : ipaddr.IPv6.isValid(text);
  return isFitting ? ipaddr.parse(text).toString() : undefined;
}

export function literalExchanger(address: string): Exchangers {
  const hosts = [{ name: address, preference: 0 }];
  return { kind: "exchangers", hosts, by: "literal", skipped: [], site: address };
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

/** Of hosts sorted by preference, those with the same one together. */
export function groupsOf<Host extends Exchanger>(hosts: readonly Host[]): readonly (readonly Host[])[] {
  const groups: Host[][] = [];
  for (const host of hosts) {
    const last = groups.at(-1);
    if (last?.[0]?.preference === host.preference) last.push(host);
    else groups.push([host]);
  }
  return groups;
}

/** `mx1|mx2>backup`. */
export function orderText(groups: readonly (readonly { readonly name: string }[])[]): string {
  return groups.map((group) => group.map(({ name }) => name).join("|")).join(">");
}

/**
 * `random`: as for `inTurn`. `isOwn`: a name of this relay; it and all hosts behind it are left out, or mail would go in a circle. An answer that nobody
 * knows is never taken for "no MX".
 */
export function exchangersOf(
  domain: string,
  answer: MxAnswer,
  isOwn: (name: string) => boolean,
  random: () => number,
): Exchangers | NoHosts {
  switch (answer.kind) {
    case "found":
      return byRecords(domain, answer.records, isOwn, random);
    case "nodata": {
      const name = answer.canonicalName;
      if (isOwn(name)) return loops(domain);
      const hosts = [{ name, preference: 0 }];
      return { kind: "exchangers", hosts, by: "implicit", skipped: [], site: name };
    }
    case "nxdomain":
      return refused(550, "5.4.4", `SMTPSEND.DNS.NonExistentDomain; DNS has no domain ${domain}`);
    case "invalid-name":
      return refused(
        550,
        "5.1.2",
        `${domain === "" ? "The address without a domain" : domain} is no domain of the DNS`,
      );
    case "bogus":
    case "servfail":
    case "refused":
    case "timeout":
    case "malformed":
      return later("4.4.3", `the MX records of ${domain} cannot be found out: ${answer.detail}`);
  }
}

export function loops(domain: string): NoHosts {
  return refused(
    554,
    "5.4.6",
    `mail for ${domain} loops back to this relay: it is the domain's best mail exchanger`,
  );
}

function byRecords(
  domain: string,
  records: readonly { readonly preference: number; readonly exchange: string }[],
  isOwn: (name: string) => boolean,
  random: () => number,
): Exchangers | NoHosts {
  const [only] = records;
  // RFC 7505 §3: alone. Its preference should be 0; what else it could mean nobody knows.
  if (records.length === 1 && only?.exchange === "")
    return refused(556, "5.1.10", `${domain} takes no mail: it has a null MX record`);
  const skipped: Skipped[] = [];
  const best = new Map<string, number>();
  let own = Infinity;
  for (const { exchange, preference } of records) {
    if (isOwn(exchange)) own = Math.min(own, preference);
    const reason = faultOf(exchange);
    if (reason !== undefined) skipped.push({ host: exchange === "" ? "." : exchange, reason });
    else best.set(exchange, Math.min(preference, best.get(exchange) ?? Infinity));
  }
  const usable = Array.from(best, ([name, preference]) => ({ name, preference }));
  const before = usable.filter(({ preference }) => preference < own).sort(byPreference);
  const hosts = someOf(before, random);
  if (hosts.length < before.length) {
    const tried = new Set(hosts);
    for (const host of before)
      if (!tried.has(host)) skipped.push({ host: host.name, reason: `${mostExchangers} others are tried` });
  }
  for (const { name, preference } of usable)
    if (preference >= own) skipped.push({ host: name, reason: "not better than this relay itself" });
  if (hosts.length > 0) return { kind: "exchangers", hosts, by: "mx", skipped, site: siteOf(before) };
  if (own < Infinity) return loops(domain);
  return later(
    "4.4.4",
    `no MX record of ${domain} names a host: ${skipped.map(({ host }) => host).join(", ")}`,
  );
}

/** As many as are tried, in their order. Else the same ones would be tried at each attempt, and all others never. */
function someOf(hosts: readonly Exchanger[], random: () => number): readonly Exchanger[] {
  if (hosts.length <= mostExchangers) return hosts;
  return inTurn(groupsOf(hosts), random).slice(0, mostExchangers).sort(byPreference);
}

function siteOf(hosts: readonly Exchanger[]): string {
  const named = orderText(groupsOf(hosts.slice(0, mostExchangers)));
  return hosts.length <= mostExchangers ? named : `${named}+${hosts.length - mostExchangers}`;
}

/** Cheap, for nearly all are names: the last part of an address begins with a digit, or there is a colon. */
const mayBeAddress = /:|(?:^|\.)\d[^.]*$/;

/** Why a record names no host. Underscores are no fault: they are in use. */
function faultOf(exchange: string): string | undefined {
  if (exchange === "") return "a null MX record must be the only one (RFC 7505)";
  if (mayBeAddress.test(exchange) && ipaddr.isValid(exchange))
    return "an address, where a name must stand (RFC 5321 §5.1)";
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(exchange)) return "no host name";
  return undefined;
}

function byPreference(a: Exchanger, b: Exchanger): number {
  return a.preference - b.preference || (a.name < b.name ? -1 : 1);
}
