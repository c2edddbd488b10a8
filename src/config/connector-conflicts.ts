/** Rules between connectors: names, and which Receive connector would answer. Source: Set-ReceiveConnector, Bindings and RemoteIPRanges. */
import type { Endpoint } from "../core/policy/receive-connector.ts";
import { serves } from "../core/policy/listening-endpoint.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import { type IpRange, overlap } from "../core/units/ip-range.ts";
import type { Findings, Path } from "./fault.ts";
import { isSection } from "./section.ts";

/** What decides which connector answers. */
export interface Listening {
  readonly name: string;
  readonly enabled: boolean;
  readonly bindings: readonly Endpoint[];
  readonly httpBindings?: readonly Endpoint[];
  readonly remoteIpRanges: readonly IpRange[];
}

/** As the file gives them, with whatever faults. Names are compared without regard to case, as in Exchange. */
export function checkUniqueNames(entries: unknown, path: Path, findings: Findings): void {
  if (!Array.isArray(entries)) return;
  const seen = new Map<string, number>();
  for (const [index, entry] of (entries as readonly unknown[]).entries()) {
    const written = isSection(entry) ? entry["name"] : undefined;
    if (typeof written !== "string" && typeof written !== "number") continue;
    const name = String(written).trim();
    const first = seen.get(name.toLowerCase());
    if (first === undefined) seen.set(name.toLowerCase(), index);
    else
      findings.fault(
        [...path, index, "name"],
        `${JSON.stringify(name)} is taken by entry ${first + 1} of the list`,
      );
  }
}

/**
 * Two enabled connectors that share a binding must be told apart by their ranges: equal and partly overlapping
 * ranges are faults, one wholly inside the other is how a more specific connector is made.
 */
export function checkConnectorChoice(
  connectors: readonly (Listening | undefined)[],
  path: Path,
  findings: Findings,
): void {
  for (const [index, connector] of connectors.entries()) {
    if (!connector?.enabled) continue;
    for (const earlier of connectors.slice(0, index)) {
      if (!earlier?.enabled) continue;
      for (const { range, message } of conflictsBetween(connector, earlier)) {
        findings.fault([...path, index, "remoteIpRanges", connector.remoteIpRanges.indexOf(range)], message);
      }
    }
  }
}

/** One port speaks SMTP or HTTP, whatever connectors they are of. */
export function checkHttpBindings(
  connectors: readonly (Listening | undefined)[],
  path: Path,
  findings: Findings,
): void {
  for (const [index, connector] of connectors.entries()) {
    if (!connector?.enabled) continue;
    for (const [at, binding] of (connector.httpBindings ?? []).entries()) {
      const other = connectors.find(
        (one) =>
          one?.enabled === true &&
          binding.port !== 0 &&
          one.bindings.some((smtp) => serves(smtp, binding) || serves(binding, smtp)),
      );
      if (other !== undefined)
        findings.fault(
          [...path, index, "httpBindings", at],
          `connector ${JSON.stringify(other.name)} speaks SMTP on ${formatEndpoint(binding)} (bindings); give another port`,
        );
    }
  }
}

/** The ranges of a connector that leave it open whether it or the other would answer. */
export function conflictsBetween(
  connector: Listening,
  other: Listening,
): readonly { readonly range: IpRange; readonly message: string }[] {
  const shared =
    sharedBinding(connector.bindings, other.bindings) ??
    sharedBinding(connector.httpBindings ?? [], other.httpBindings ?? []);
  if (shared === undefined) return [];
  return connector.remoteIpRanges.flatMap((range) => {
    const conflict = conflicting(range, other.remoteIpRanges);
    if (conflict === undefined) return [];
    const message = `${conflict} of connector ${JSON.stringify(other.name)}, which also listens on ${shared}; one must lie wholly inside the other, or the bindings must differ`;
    return [{ range, message }];
  });
}

function conflicting(range: IpRange, others: readonly IpRange[]): string | undefined {
  for (const other of others) {
    const lies = overlap(range, other);
    if (lies === "same") return `${range.text} is the same range as ${other.text}`;
    if (lies === "partial") return `${range.text} partly overlaps ${other.text}`;
  }
  return undefined;
}

/** An address where both would take connections; a wildcard takes those of every address of its family. */
function sharedBinding(a: readonly Endpoint[], b: readonly Endpoint[]): string | undefined {
  for (const one of a) {
    for (const other of b) {
      if (one.port !== other.port) continue;
      if (one.address === other.address) return formatEndpoint(one);
      // Port 0 is a port of its own for every address.
      if (one.port === 0 || isIpv6(one) !== isIpv6(other)) continue;
      if (isWildcard(one)) return formatEndpoint(other);
      if (isWildcard(other)) return formatEndpoint(one);
    }
  }
  return undefined;
}

const isIpv6 = ({ address }: Endpoint): boolean => address.includes(":");
const isWildcard = ({ address }: Endpoint): boolean => address === "0.0.0.0" || address === "::";
