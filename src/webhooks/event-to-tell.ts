/** Events as webhooks tell them, and which are alike. */
import type { ToldEvent } from "../core/webhooks/told-event.ts";
import { renderEvent } from "../events/event-text.ts";
import type { EventRecord } from "../events/events.ts";

const mostTextChars = 1_000;
const mostFieldChars = 300;

const short = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}...` : text;

/** Where and whose it is; other fields that a text does not name may be of single messages. */
const alwaysTold = ["connector", "source", "application", "queue"] as const;

/** With the fields that its text names, and those. */
export function eventToTell(record: EventRecord): ToldEvent {
  const { definition, name, fields } = record;
  const told: Record<string, string | number> = {};
  const named = Array.from(definition.text.matchAll(/%([A-Za-z]+)/g), ([, field = ""]) => field);
  for (const field of [...named, ...alwaysTold]) {
    const value = fields[field];
    if (value !== undefined && value !== "")
      told[field] = typeof value === "string" ? short(value, mostFieldChars) : value;
  }
  return {
    id: definition.id,
    name,
    category: `MSExchangeTransport\\${definition.category}`,
    severity: definition.severity,
    text: short(renderEvent(record), mostTextChars),
    fields: told,
  };
}

/**
 * What events that are alike have in common: refusals connector, source and limit, all others their text. Cost: a short text
 * for refusals, which may come by the thousand.
 */
export function likenessOf(record: EventRecord): string {
  const { name, definition, fields } = record;
  if (definition.limitHit !== true) return `${name}\n${renderEvent(record)}`;
  return `${name}\n${fields["connector"]}\n${fields["source"]}\n${fields["refusal"] ?? fields["setting"]}`;
}
