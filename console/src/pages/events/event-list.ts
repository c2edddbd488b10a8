/** The entries the Events page holds, newest first. Each node numbers its own. */
import type { Output } from "../../../../src/admin/contract.ts";

export type EventEntry = Output<"followEvents">;
type Numbered = Pick<EventEntry, "server" | "sequence" | "replaces">;

/** Entries kept on the page; older ones are asked for again. */
export const heldEntries = 1_000;

/** Of one entry among those of all nodes. */
export const keyOf = ({ server = "", sequence }: Numbered): string => `${server} ${sequence}`;

/** The entry on which it is the last word. */
const replacedBy = ({ server = "", replaces }: Numbered): string | undefined =>
  replaces === undefined ? undefined : `${server} ${replaces}`;

/** `entry` in its place: an entry that is the last word on another takes that one's place at the top. */
export function withEntry<Entry extends Numbered>(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const gone = [keyOf(entry), replacedBy(entry)];
  return [entry, ...entries.filter((one) => !gone.includes(keyOf(one)))].slice(0, heldEntries);
}

/** `older` below those that are held, but for what is held already or was replaced. */
export function withOlder<Entry extends Numbered>(
  entries: readonly Entry[],
  older: readonly Entry[],
): readonly Entry[] {
  const held = new Set(entries.flatMap((entry) => [keyOf(entry), replacedBy(entry) ?? keyOf(entry)]));
  return [...entries, ...older.filter((entry) => !held.has(keyOf(entry)))].slice(0, heldEntries);
}
