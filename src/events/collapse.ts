/**
 * Keeps a flood of like events from flooding the log: of refusals, and of the events named here, the first of a
 * minute is passed on per connector, source and kind; the rest are counted and told with the next. Of refusals to very
 * many sources those of the first are told.
 */
import type { EventName } from "./catalogue.ts";
import type { EventRecord } from "./events.ts";

/** Refusals are folded by the catalogue's `limitHit`; these repeat as well, while a state lasts. */
const collapsed: ReadonlySet<EventName> = new Set<EventName>([
  "SourceDiscredited",
  "SmtpSendTlsRequiredFailed",
  "QueueRetry",
  "SpoolFault",
  "RelayFault",
]);

/** Told one by one, each being about other mail; when a connector is taken away it is about all there is. */
const countedBeyond: ReadonlySet<EventName> = new Set<EventName>(["RecipientUnreachable"]);

const windowMs = 60_000;
/** More keys than this are not remembered: the oldest is forgotten. */
const maxKeys = 10_000;
/** Of one event and connector, within a minute; the rest are counted together. */
const maxSources = 100;

interface Told {
  since: number;
  unsaid: number;
}

export type Collapsed =
  | { readonly kind: "pass"; /** Like events since the last one passed on. */ readonly unsaid: number }
  | { readonly kind: "drop" };

const plain: Collapsed = { kind: "pass", unsaid: 0 };
const drop: Collapsed = { kind: "drop" };

/** Cost: one or two look-ups per event of the kinds above. Memory: bounded. */
export function createCollapse(): (record: EventRecord) => Collapsed {
  const seen = new Map<string, Told>();
  /** By event and connector. */
  const floods = new Map<string, Told & { sources: number }>();

  /** What the others of its event and connector left unsaid; undefined: one source too many. */
  const roomFor = (group: string, at: number): number | undefined => {
    const flood = floods.get(group);
    if (flood === undefined || isOver(flood, at)) {
      remember(floods, group, { since: at, unsaid: 0, sources: 1 });
      return flood?.unsaid ?? 0;
    }
    if (flood.sources < maxSources) {
      flood.sources++;
      return 0;
    }
    flood.unsaid++;
    return undefined;
  };

  return (record) => {
    const { name, definition, fields } = record;
    const isRefusal = definition.limitHit === true;
    if (countedBeyond.has(name)) {
      const unsaid = roomFor(name, record.at.getTime());
      return unsaid === undefined ? drop : { kind: "pass", unsaid };
    }
    if (!isRefusal && !collapsed.has(name)) return plain;
    const group = `${name} ${fields["connector"] ?? fields["queue"] ?? fields["where"] ?? ""}`;
    const key = `${group} ${fields["source"] ?? ""} ${fields["refusal"] ?? fields["setting"] ?? ""}`;
    const at = record.at.getTime();
    const before = seen.get(key);
    if (before !== undefined && !isOver(before, at)) {
      before.unsaid++;
      return drop;
    }
    const ofOthers = isRefusal ? roomFor(group, at) : 0;
    if (ofOthers === undefined) return drop;
    remember(seen, key, { since: at, unsaid: 0 });
    const unsaid = (before?.unsaid ?? 0) + ofOthers;
    return unsaid === 0 ? plain : { kind: "pass", unsaid };
  };
}

/** A wall clock that went back begins a new minute as well. */
function isOver({ since }: Told, at: number): boolean {
  return Math.abs(at - since) >= windowMs;
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  if (known.size <= maxKeys) return;
  const oldest = known.keys().next();
  if (oldest.done !== true) known.delete(oldest.value);
}
