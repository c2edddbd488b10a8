/** What a connector learned of who it is for: ranges, and applications by the names that clients gave. */
import { formatIpRange, holds, overlap, parseIpRange, type IpRange } from "../units/ip-range.ts";
import type { JudgedSource } from "./judged-use.ts";

/** So many addresses of a network are the network. */
const leastOfNetwork = 4;
const mostNames = 200;
/** More would be neither looked at nor edited in time. */
export const mostRanges = 500;

/**
 * As few as tell all of them: a /24 where four and more of it came, else each address; IPv6 as it is counted. Nobody whom the connector
 * did not serve while it learned is let in: `ranges` are those it has, and bound what is proposed. None where it would be more than 500:
 * then those it has stay.
 */
export function learnedRanges(sources: readonly string[], ranges: readonly IpRange[]): readonly string[] {
  const networks = new Map<string, string[]>();
  for (const source of sources) {
    const network = /^(\d+\.\d+\.\d+)\.\d+$/.exec(source)?.[1] ?? source;
    const of = networks.get(network);
    if (of === undefined) networks.set(network, [source]);
    else of.push(source);
  }
  const learned = Array.from(networks, ([network, of]) => {
    const whole = `${network}.0/24`;
    return of.length >= leastOfNetwork && isWithin(whole, ranges) ? [whole] : of;
  }).flat();
  if (learned.length > mostRanges) return [];
  return [...new Set(learned.flatMap((one) => (isWithin(one, ranges) ? [one] : partsWithin(one, ranges))))];
}

function isWithin(text: string, ranges: readonly IpRange[]): boolean {
  const range = parseIpRange(text);
  return range.ok && ranges.some((one) => holds(one, range.value));
}

/** Of an IPv6 network what the connector serves of it. */
function partsWithin(text: string, ranges: readonly IpRange[]): readonly string[] {
  const range = parseIpRange(text);
  return range.ok
    ? ranges
        .filter((one) => overlap(one, range.value) !== "none")
        .map((one) => formatIpRange(shared(one, range.value)))
    : [];
}

function shared(one: IpRange, other: IpRange): IpRange {
  const first = one.first > other.first ? one.first : other.first;
  const last = one.last < other.last ? one.last : other.last;
  return { family: one.family, first, last, text: "" };
}

export interface LearnedApplication {
  readonly name: string;
  readonly addresses: readonly string[];
}

/**
 * One for each name that clients without an application gave in HELO, without its domain: `erp` of `erp.contoso.com`. Whoever gave
 * none, or an address, is called by its address.
 */
export function learnedApplications(
  sources: readonly JudgedSource[],
  taken: readonly string[],
): readonly LearnedApplication[] {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  const byName = new Map<string, string[]>();
  for (const { use, application } of sources) {
    if (application !== "") continue;
    const name = nameOf(use.heloNames) ?? `app ${use.source}`;
    const of = byName.get(name);
    if (of !== undefined) of.push(use.source);
    else if (byName.size < mostNames) byName.set(name, [use.source]);
  }
  return Array.from(byName, ([wanted, addresses]) => {
    let name = wanted;
    for (let number = 2; used.has(name.toLowerCase()); number++) name = `${wanted} ${number}`;
    used.add(name.toLowerCase());
    return { name, addresses };
  });
}

function nameOf(heloNames: readonly string[]): string | undefined {
  const [first] = heloNames;
  if (heloNames.length !== 1 || first === undefined) return undefined;
  const label = first.split(".")[0] ?? "";
  return /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(label) && label.toLowerCase() !== "localhost"
    ? label
    : undefined;
}
