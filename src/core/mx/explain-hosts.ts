/** What led from a domain to its mail hosts, step by step, in words for administrators. */
import type { AddressAnswer, AddressAnswers, MxAnswer, NoHosts } from "./dns-facts.ts";
import type { HostPlan } from "./host-plan.ts";

export interface ResolutionStep {
  /** `MX records`, `Addresses of mx1.contoso.com`, `Left out`, … */
  readonly step: string;
  readonly finding: string;
}

type Kept = { readonly keepMs: number; readonly isAuthenticated?: boolean };

/** `mx`: undefined for an address in brackets. */
export function explainHosts(
  domain: string,
  mx: (MxAnswer & Kept) | undefined,
  addresses: ReadonlyMap<string, AddressAnswers & { readonly ipv4: Kept; readonly ipv6: Kept }>,
  result: HostPlan | NoHosts,
): readonly ResolutionStep[] {
  const steps: ResolutionStep[] = [
    mx === undefined
      ? { step: "Address", finding: `${domain} is an address: mail goes there, and DNS is not asked` }
      : { step: "MX records", finding: mxText(domain, mx) },
  ];
  for (const [host, { ipv4, ipv6 }] of addresses)
    steps.push({
      step: `Addresses of ${host}`,
      finding: `IPv4: ${addressText(host, ipv4)}; IPv6: ${addressText(host, ipv6)}`,
    });
  if (result.kind !== "hosts")
    return [...steps, { step: "Result", finding: `${resultWords[result.kind]}: ${result.text}` }];
  for (const { host, reason } of result.skipped)
    steps.push({ step: "Left out", finding: `${host}: ${reason}` });
  const order = result.groups.map((group) => {
    const names = group.map(({ name }) => name).join(", ");
    return group.length > 1 ? `one of ${names} at random, then the others` : names;
  });
  return [...steps, { step: "Order", finding: order.join("; then ") }];
}

const resultWords = {
  refused: "mail is returned at once",
  later: "mail waits and is tried again, until it expires",
} as const;

function mxText(domain: string, mx: MxAnswer & Kept): string {
  switch (mx.kind) {
    case "found": {
      const records = mx.records.map(
        ({ preference, exchange }) => `${preference} ${exchange === "" ? "." : exchange}`,
      );
      return `${records.join(", ")}${aliasText(domain, mx.canonicalName)}${keptText(mx)}`;
    }
    case "nodata":
      return `none: the domain itself is its mail host (RFC 5321 §5.1)${aliasText(domain, mx.canonicalName)}${keptText(mx)}`;
    case "nxdomain":
      return `DNS has no such domain${keptText(mx)}`;
    case "bogus":
    case "servfail":
    case "refused":
    case "timeout":
    case "malformed":
    case "invalid-name":
      return mx.detail;
  }
}

function addressText(host: string, answer: AddressAnswer & Kept): string {
  if (answer.kind === "found")
    return `${answer.records.join(", ")}${aliasText(host, answer.canonicalName)}${keptText(answer)}`;
  return "detail" in answer ? answer.detail : "none";
}

function aliasText(name: string, canonicalName: string): string {
  return canonicalName === name ? "" : `, by the alias ${canonicalName}`;
}

function keptText({ keepMs, isAuthenticated }: Kept): string {
  return ` (kept for ${Math.round(keepMs / 1000)} s${isAuthenticated === true ? ", signed" : ""})`;
}
