/** At start: what an earlier process left in the journal goes to LMDB, or, on a full disk, waits in memory. */
import type { SpoolError } from "../spool.ts";
import { createApplier, type Applier } from "./applier.ts";
import { readJournal } from "./journal.ts";
import type { LmdbStore } from "./lmdb-store.ts";
import type { StoreOptions } from "./store-options.ts";
import type { Write } from "./store.ts";

export interface Replayed {
  readonly applier: Applier;
  /** Number of the last frame there is. */
  readonly lastNumber: number;
  /** All is as it was when a store was closed with `finished`: nothing was committed since. */
  readonly isAsClosed: boolean;
}

/**
 * Applies all frames above LMDB's mark, in order. What it needs of the disk was made room for when they were
 * committed. Should there be none all the same, they stay in the journal and the applier; the journal must not be
 * begun anew before they are applied. `finished`: see `readJournal`. Rejects with SpoolError when LMDB cannot be written for another reason.
 */
export async function replay(
  directory: string,
  lmdb: LmdbStore,
  { onFault, onJournalFault }: Pick<StoreOptions, "onFault" | "onJournalFault">,
  finished?: readonly Buffer[],
): Promise<Replayed> {
  const { frames, damage, cutOff, isFinished } = await readJournal(directory, lmdb.applied, finished);
  if (damage !== undefined) onJournalFault({ kind: "damaged", what: damage });
  if (cutOff) onJournalFault({ kind: "cutOff", what: "its last commit is not whole" });
  const lastNumber = frames.at(-1)?.sequence ?? lmdb.applied;
  const applier = createApplier(directory, lmdb, lastNumber);
  // In one go: what one frame puts and a later one removes needs no room.
  applier.add(
    lastNumber,
    frames.flatMap(({ writes }) => writes.map((write) => withNewness(write, lmdb))),
  );
  try {
    await applier.applyAll();
  } catch (error) {
    const fault = error as SpoolError;
    if (fault.code !== "full") throw fault;
    onFault(fault);
  }
  return { applier, lastNumber, isAsClosed: isFinished && frames.length === 0 };
}

/** Frames do not say which keys were new. */
function withNewness(write: Write, { tables }: LmdbStore): Write {
  return write.value === undefined || tables[write.table].doesExist(write.key)
    ? write
    : { ...write, isNew: true };
}
