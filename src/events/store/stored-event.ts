/** An event as it is kept: one JSON object on a line of its own. */
import { instantTexts } from "../../core/units/instant-text.ts";
import type { Category, Severity } from "../catalogue.ts";
import { renderEvent } from "../event-text.ts";
import type { EventRecord, FieldValue } from "../events.ts";

export interface StoredEvent {
  /** Grows with each entry, over restarts as well. */
  readonly sequence: number;
  readonly id: number;
  readonly name: string;
  readonly category: Category;
  readonly severity: Severity;
  /** ISO 8601, UTC, milliseconds; so are `firstAt` and `lastAt`. For an entry with a count: when it last happened. */
  readonly at: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** How often it happened within its minute; only entries that stand for many have it. */
  readonly count?: number;
  readonly firstAt?: string;
  readonly lastAt?: string;
  /** This entry is the last word on the one with that sequence, which a reader leaves out. */
  readonly replaces?: number;
}

export type Tally = Required<Pick<StoredEvent, "count" | "firstAt" | "lastAt">> &
  Pick<StoredEvent, "replaces">;

/** What one field may bring into the store, in characters: strangers choose some of them. */
const maxFieldChars = 2_000;

const instantText = instantTexts();

export function storedEvent(record: EventRecord, sequence: number, tally?: Tally): StoredEvent {
  const { definition, name, at } = record;
  const { id, category, severity } = definition;
  const fields = boundedFields(record.fields);
  const text = renderEvent(fields === record.fields ? record : { ...record, fields });
  return { sequence, id, name, category, severity, at: instantText(at.getTime()), text, fields, ...tally };
}

function boundedFields(fields: EventRecord["fields"]): EventRecord["fields"] {
  let bounded: Record<string, FieldValue> | undefined;
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === "string" && value.length > maxFieldChars) {
      bounded ??= { ...fields };
      bounded[key] = `${value.slice(0, maxFieldChars)}...`;
    }
  }
  return bounded ?? fields;
}

/** `sequence` and `id` come first: `lineHead` reads them without parsing the rest. */
export function encodeStoredEvent(event: StoredEvent): string {
  return `${JSON.stringify(event)}\n`;
}

export function lineHead(line: string): { readonly sequence: number; readonly id: number } | undefined {
  const head = /^\{"sequence":(\d{1,16}),"id":(\d{1,9}),/.exec(line);
  return head === null ? undefined : { sequence: Number(head[1]), id: Number(head[2]) };
}

/** Undefined for a line that is not an entry, as a damaged file may hold. */
export function decodeStoredEvent(line: string): StoredEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isStoredEvent(value) ? value : undefined;
}

function isStoredEvent(value: unknown): value is StoredEvent {
  if (typeof value !== "object" || value === null) return false;
  const event = value as Partial<Record<keyof StoredEvent, unknown>>;
  return (
    Number.isSafeInteger(event.sequence) &&
    Number.isSafeInteger(event.id) &&
    [event.name, event.category, event.severity, event.at, event.text].every(
      (it) => typeof it === "string",
    ) &&
    typeof event.fields === "object" &&
    event.fields !== null
  );
}
