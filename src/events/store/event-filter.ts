/** Which stored events a reader wants. */
import { sourceKey } from "../../core/policy/source.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import { contains, parseIpRange } from "../../core/units/ip-range.ts";
import type { Category, Severity } from "../catalogue.ts";
import type { StoredEvent } from "./stored-event.ts";

/** What is left out matches everything. */
export interface EventFilter {
  readonly eventIds?: readonly number[];
  readonly categories?: readonly Category[];
  readonly severities?: readonly Severity[];
  /** Name, case-insensitively. */
  readonly connector?: string;
  /**
   * An address or a range (CIDR, `a-b`); an IPv6 address stands for all that limits count as one source with it.
   * Anything else must be equal, case-insensitively.
   */
  readonly source?: string;
  /** How many bits of an IPv6 address make one source; default 64. */
  readonly ipv6SourcePrefixLength?: number;
  /** Inclusive. */
  readonly since?: Date;
  /** Exclusive. */
  readonly until?: Date;
  /** Stands in the text or in a field, case-insensitively. */
  readonly text?: string;
  /** The reference a refusal's reply named; also found within an entry that stands for many. */
  readonly reference?: string;
  /** Only entries older than this one: the next page. */
  readonly beforeSequence?: number;
  /** At most this many; at least 0. */
  readonly limit: number;
}

/** Built once per query. */
export function eventMatcher(filter: EventFilter): (event: StoredEvent) => boolean {
  const since = filter.since?.toISOString();
  const until = filter.until?.toISOString();
  const connector = filter.connector?.toLowerCase();
  const text = filter.text?.toLowerCase();
  const isSource = filter.source === undefined ? undefined : sourceMatcher(filter.source, filter);
  const reference = filter.reference?.toUpperCase();
  return (event) => {
    const { fields } = event;
    if (filter.eventIds !== undefined && !filter.eventIds.includes(event.id)) return false;
    if (filter.categories !== undefined && !filter.categories.includes(event.category)) return false;
    if (filter.severities !== undefined && !filter.severities.includes(event.severity)) return false;
    if (since !== undefined && event.at < since) return false;
    if (until !== undefined && (event.firstAt ?? event.at) >= until) return false;
    if (connector !== undefined && String(fields["connector"] ?? "").toLowerCase() !== connector)
      return false;
    if (isSource !== undefined && !isSource(String(fields["source"] ?? ""))) return false;
    if (reference !== undefined && !namesReference(fields, reference)) return false;
    return text === undefined || holds(event, text);
  };
}

function sourceMatcher(
  wanted: string,
  { ipv6SourcePrefixLength }: Pick<EventFilter, "ipv6SourcePrefixLength">,
): (source: string) => boolean {
  const address = parseAddress(wanted);
  const range = parseIpRange(address === undefined ? wanted : sourceKey(address, ipv6SourcePrefixLength));
  if (!range.ok) return (source) => source.toLowerCase() === wanted.toLowerCase();
  return (source) => {
    const parsed = parseAddress(source);
    return parsed !== undefined && contains(range.value, parsed);
  };
}

function holds(event: StoredEvent, text: string): boolean {
  if (event.text.toLowerCase().includes(text)) return true;
  return Object.values(event.fields).some((value) =>
    String(value ?? "")
      .toLowerCase()
      .includes(text),
  );
}

/** References grow (core/refusals/refusal.ts), longer ones are greater, and their digits are in ASCII order. */
function namesReference(fields: StoredEvent["fields"], reference: string): boolean {
  const last = fields["reference"];
  const first = fields["firstReference"] ?? last;
  if (typeof last !== "string" || typeof first !== "string") return false;
  return compareReferences(first, reference) <= 0 && compareReferences(reference, last) <= 0;
}

function compareReferences(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;
}
