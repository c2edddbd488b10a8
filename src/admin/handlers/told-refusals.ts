/** The refusals of a source as its stored events tell them: what is left of them after a restart. */
import { isRefusalKind, refusalCatalogue } from "../../core/refusals/catalogue.ts";
import type { Refusal } from "../../core/refusals/refusal.ts";
import type { StoredEvent } from "../../events/store/stored-event.ts";

export interface ToldRefusals {
  readonly lastHour: number;
  readonly lastDay: number;
  readonly lastAt: Date;
  /** The newest. */
  readonly last: Refusal;
  /** The most that was held against the limit. */
  readonly mostSeen: number | undefined;
  /** What they were about, the latest last; at most five. */
  readonly about: readonly string[];
  readonly reply: string | undefined;
}

const hourMs = 3_600_000;
const mostAbout = 5;

/** `events` newest first, of the last day; those written singly beside an entry that counts them are left out. */
export function refusalsOf(events: readonly StoredEvent[], nowMs: number): ToldRefusals[] {
  const hourAgo = new Date(nowMs - hourMs).toISOString();
  const found = new Map<string, ToldRefusals>();
  for (const event of events) {
    const { count } = event;
    const told = toldBy(event);
    if (count === undefined || told === undefined) continue;
    const key = `${told.connector}\n${told.kind}\n${told.limit}`;
    const known = found.get(key);
    found.set(key, {
      lastHour: (known?.lastHour ?? 0) + (event.at >= hourAgo ? count : 0),
      lastDay: (known?.lastDay ?? 0) + count,
      lastAt: known?.lastAt ?? new Date(event.at),
      last: known?.last ?? told,
      mostSeen: most(known?.mostSeen, told.seen),
      about: olderAbout(known?.about ?? [], told.about),
      reply: known?.reply ?? textOf(event, "reply"),
    });
  }
  return [...found.values()];
}

/** Undefined: it tells of no refusal. */
function toldBy(event: StoredEvent): Refusal | undefined {
  const { fields } = event;
  const { refusal: kind, reference } = fields;
  if (!isRefusalKind(kind) || typeof reference !== "string") return undefined;
  const limit = textOf(event, "setting");
  // JSON has no Infinity; stored events hold null for it.
  const limitValue = (value: unknown): number | undefined =>
    limit === undefined ? undefined : typeof value === "number" ? value : Infinity;
  const allowed = limitValue(fields["limit"]);
  return {
    kind,
    class: refusalCatalogue[kind].class,
    connector: textOf(event, "connector"),
    limit,
    configured: fields["configured"] === undefined ? allowed : limitValue(fields["configured"]),
    allowed,
    seen: typeof fields["seen"] === "number" ? fields["seen"] : undefined,
    problem: textOf(event, "detail") ?? "",
    about: textOf(event, "about"),
    source: textOf(event, "source") ?? "",
    eventId: event.id,
    reference,
  };
}

function textOf({ fields }: StoredEvent, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : other === undefined ? one : Math.max(one, other);
}

function olderAbout(known: readonly string[], older: string | undefined): readonly string[] {
  return older === undefined || known.includes(older) || known.length >= mostAbout
    ? known
    : [older, ...known];
}
