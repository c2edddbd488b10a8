/** Where an entry leads: the fields that name a source, a connector, a message or a queue. */
import type { EventEntry } from "./event-list.ts";

export interface EventLinks {
  readonly source?: string;
  readonly connector?: string;
  readonly reference?: string;
  readonly messageId?: string;
}

function textOf({ fields }: EventEntry, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

export function linksOf(entry: EventEntry): EventLinks {
  const source = textOf(entry, "source", "address");
  const connector = textOf(entry, "connector");
  const reference = textOf(entry, "reference", "lastReference");
  // `id` is a message's only where the entry's text speaks of a message.
  const messageId = entry.text.includes("essage ") ? textOf(entry, "id", "messageId") : undefined;
  return {
    ...(source === undefined ? {} : { source }),
    ...(connector === undefined ? {} : { connector }),
    ...(reference === undefined ? {} : { reference }),
    ...(messageId === undefined ? {} : { messageId }),
  };
}
