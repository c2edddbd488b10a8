/**
 * What the TLSA records of a host say, asked for only where the way to the host is signed: to ask elsewhere is of no use, and
 * name servers of unsigned zones often fail at the question. Source: RFC 7672 §2.2.
 */
import type { DaneFact } from "../../core/tls-policy/tls-facts.ts";
import { isUnknown, type Lookup, type Resolver } from "../../ports/lookup.ts";

export interface FoundDane {
  readonly fact: DaneFact;
  readonly keepMs: number;
}

/** So long a word on the resolver itself is kept; milliseconds. */
const offKeepMs = 60_000;

export interface AskedHost {
  readonly name: string;
  readonly ipv4: Lookup<"A">;
  readonly ipv6: Lookup<"AAAA">;
}

/** Never rejects. `port`: TLSA records are for a port. */
export async function daneFactOf(host: AskedHost, port: number, resolver: Resolver): Promise<FoundDane> {
  const standing = await resolver.dnssec?.();
  if (standing?.kind === "off")
    return { fact: { kind: "unasked", reason: standing.reason }, keepMs: offKeepMs };
  const bases = await baseDomains(host, resolver);
  if ("fact" in bases) return bases;
  let keepMs = Number.POSITIVE_INFINITY;
  for (const baseDomain of bases.names) {
    const tlsa = await resolver.lookUp(tlsaName(baseDomain, port), "TLSA");
    // A name that is too long to have records below it has none.
    if (tlsa.kind === "invalid-name") continue;
    keepMs = Math.min(keepMs, tlsa.keepMs);
    if (isUnknown(tlsa)) return { fact: { kind: "unknown", detail: tlsa.detail }, keepMs };
    // Behind an alias into a zone that is not signed there may stand anything.
    if (tlsa.kind === "found" && tlsa.isAuthenticated)
      return { fact: { kind: "found", baseDomain, records: tlsa.records }, keepMs };
  }
  return { fact: { kind: "none" }, keepMs };
}

export function tlsaName(host: string, port: number): string {
  return `_${port}._tcp.${host}`;
}

/** The names below which records may stand, in the order of RFC 7672 §2.2.3; or why there is nothing to ask. */
async function baseDomains(
  { name, ipv4, ipv6 }: AskedHost,
  resolver: Resolver,
): Promise<{ readonly names: readonly string[] } | FoundDane> {
  const found = [ipv4, ipv6].filter((lookup) => lookup.kind === "found");
  const signed = found.find(({ isAuthenticated }) => isAuthenticated);
  if (signed !== undefined) return { names: [...new Set([signed.canonicalName, name])] };
  const unknown = [ipv4, ipv6].find(isUnknown);
  // Forged for all one knows; a smart host may be found all the same, by the system's own resolver.
  if (found.length === 0 && unknown !== undefined && unknown.kind !== "invalid-name")
    return { fact: { kind: "unknown", detail: unknown.detail }, keepMs: unknown.keepMs };
  const unsigned = { kind: "unasked", reason: `the addresses of ${name} are not signed` } as const;
  const keepMs = Math.min(...found.map((lookup) => lookup.keepMs));
  if (found.every(({ canonicalName }) => canonicalName === name)) return { fact: unsigned, keepMs };
  // The alias itself may be signed, though its target is not.
  const alias = await resolver.lookUp(name, "CNAME");
  if (isUnknown(alias))
    return { fact: { kind: "unknown", detail: alias.detail }, keepMs: Math.min(keepMs, alias.keepMs) };
  if (alias.kind === "found" && alias.isAuthenticated) return { names: [name] };
  return { fact: unsigned, keepMs: Math.min(keepMs, alias.keepMs) };
}
