/** One message's entries, sorted into what became of each recipient. */
import type { TrackingEntry } from "./tracking-event.tsx";

export interface MessageEntries {
  readonly internalMessageId: number;
  /** Oldest first. */
  readonly entries: readonly TrackingEntry[];
}

export interface RecipientFate {
  readonly recipient: string;
  /** The last entry that speaks of it. */
  readonly entry: TrackingEntry;
}

/** A Message-ID may have been sent more than once, and a report on a message is a message of its own. */
export function byMessage(entries: readonly TrackingEntry[]): readonly MessageEntries[] {
  const groups = new Map<number, TrackingEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.internalMessageId);
    if (group === undefined) groups.set(entry.internalMessageId, [entry]);
    else group.push(entry);
  }
  return [...groups].map(([internalMessageId, group]) => ({ internalMessageId, entries: group }));
}

export function fates({ entries }: MessageEntries): readonly RecipientFate[] {
  const last = new Map<string, TrackingEntry>();
  for (const entry of entries) {
    // A report says what is known already: the entry before it does, with the next hop's reply.
    if (entry.eventId === "DSN") continue;
    for (const recipient of entry.recipients) last.set(recipient, entry);
  }
  return [...last].map(([recipient, entry]) => ({ recipient, entry }));
}
