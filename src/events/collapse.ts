/**
 * Keeps a flood of like events from flooding the log: of refusals, and of the events named here, the first of a
 * minute is passed on per connector, source and kind; the rest are counted and told with the next.
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

const windowMs = 60_000;
/** More keys than this are not remembered: the oldest is forgotten. */
const maxKeys = 10_000;

export type Collapsed =
  | { readonly kind: "pass"; /** Like events since the last one passed on. */ readonly unsaid: number }
  | { readonly kind: "drop" };

const plain: Collapsed = { kind: "pass", unsaid: 0 };
const drop: Collapsed = { kind: "drop" };

/** Cost: one look-up per event of the kinds above. Memory: bounded. */
export function createCollapse(): (record: EventRecord) => Collapsed {
  const seen = new Map<string, { since: number; unsaid: number }>();

  return (record) => {
    const { name, definition, fields } = record;
    if (definition.limitHit !== true && !collapsed.has(name)) return plain;
    const key = `${name} ${fields["connector"] ?? fields["queue"] ?? fields["where"] ?? ""} ${fields["source"] ?? ""} ${fields["refusal"] ?? fields["setting"] ?? ""}`;
    const at = record.at.getTime();
    const before = seen.get(key);
    // A wall clock that went back begins a new minute as well.
    if (before !== undefined && Math.abs(at - before.since) < windowMs) {
      before.unsaid++;
      return drop;
    }
    seen.delete(key);
    seen.set(key, { since: at, unsaid: 0 });
    if (seen.size > maxKeys) {
      const oldest = seen.keys().next();
      if (oldest.done !== true) seen.delete(oldest.value);
    }
    return before === undefined || before.unsaid === 0 ? plain : { kind: "pass", unsaid: before.unsaid };
  };
}
