/** The entries the Events page holds, newest first. */
import type { Output } from "../../../../src/admin/contract.ts";

export type EventEntry = Output<"followEvents">;

/** Entries kept on the page; older ones are asked for again. */
export const heldEntries = 1_000;

/** `entry` in its place: an entry that is the last word on another takes that one's place at the top. */
export function withEntry(entries: readonly EventEntry[], entry: EventEntry): readonly EventEntry[] {
  const others = entries.filter(({ sequence }) => sequence !== entry.sequence && sequence !== entry.replaces);
  return [entry, ...others].slice(0, heldEntries);
}
