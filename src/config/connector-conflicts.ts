/** Rules between connectors: names, and which Receive connector would answer. Source: Set-ReceiveConnector, Bindings and RemoteIPRanges. */
import type { Endpoint } from "../core/policy/receive-connector.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import { type IpRange, overlap } from "../core/units/ip-range.ts";
import type { Findings, Path } from "./fault.ts";

interface Named {
  readonly name: string;
}
interface Listening extends Named {
  readonly enabled: boolean;
  readonly bindings: readonly Endpoint[];
  readonly remoteIpRanges: readonly IpRange[];
}

/** Names are compared without regard to case, as in Exchange. Entries that could not be read are undefined. */
export function checkUniqueNames(
  entries: readonly (Named | undefined)[],
  path: Path,
  findings: Findings,
): void {
  const seen = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    if (!entry) continue;
    const name = entry.name.trim().toLowerCase();
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else
      findings.fault(
        [...path, index, "name"],
        `${JSON.stringify(entry.name)} is taken by entry ${first + 1} of the list`,
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
      const shared = sharedBinding(connector.bindings, earlier.bindings);
      if (shared === undefined) continue;
      for (const [rangeIndex, range] of connector.remoteIpRanges.entries()) {
        const conflict = conflicting(range, earlier.remoteIpRanges);
        if (conflict !== undefined) {
          findings.fault(
            [...path, index, "remoteIpRanges", rangeIndex],
            `${conflict} of connector ${JSON.stringify(earlier.name)}, which also listens on ${shared}; one must lie wholly inside the other, or the bindings must differ`,
          );
        }
      }
    }
  }
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
