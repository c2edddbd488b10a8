/**
 * LMDB behind a journal. Where writes are:
 *
 *     commit ─▶ journal/       durable: the promise resolves       journal-state.ts, journal.ts
 *            ─▶ in memory      above LMDB's tables, for reads      applier.ts, merged-table.ts
 *            ─▶ data.mdb       many at once, in the background     lmdb-store.ts
 *
 * Without a journal (a small or failing disk, a commit that does not fit in it) LMDB commits directly. What holds at
 * every moment, and after every crash:
 *  - LMDB's tables, then the journal's frames above LMDB's own mark, are all that was committed (replay.ts).
 *  - The mark never goes back, numbers of frames ascend, and a segment is begun anew when the mark has passed it.
 *  - A frame that could not be written is never replayed: the mark is set beyond it before it is reported.
 *  - LMDB always has room for all that it has not got yet, so a full disk is noticed by the commit that is one too many.
 */
import type { Clock } from "../../ports/ports.ts";
import type { Applier } from "./applier.ts";
import { decodeClosingNote, encodeClosingNote } from "./closing-note.ts";
import { openJournalState, type JournalState } from "./journal-state.ts";
import { openLmdbStore, type LmdbStore } from "./lmdb-store.ts";
import { mergedTable } from "./merged-table.ts";
import { createRest } from "./reclaim.ts";
import { replay } from "./replay.ts";
import { faultOf } from "./store-fault.ts";
import { storePlace, type StorePlace } from "./store-place.ts";
import type { SpoolError } from "../spool.ts";
import type { StoreOptions } from "./store-options.ts";
import { forTables, type KeyRange, type TableName, type Tables, type Write } from "./store.ts";

export interface Store {
  /** For reads. They see every commit that has resolved, and nothing of one that has not. */
  readonly tables: Tables;
  /**
   * Makes all writes durable, or none. One call at a time. `mayUseReserve`: the writes are part of what shrinks
   * the spool. Rejects with SpoolError `full` or `failed`.
   */
  commit(writes: readonly Write[], mayUseReserve: boolean): Promise<void>;
  /** These three are for the start, before the first commit. Cost: next to nothing, a native walk, a seek. */
  count(table: TableName): number;
  countKeys(table: TableName, range: KeyRange): number;
  lastKey(table: TableName): Buffer | undefined;
  /** What the process before gave to `close`, where nothing was committed since. */
  readonly closingNote: Buffer | undefined;
  /**
   * Copies the tables into an empty directory, as a store of its own that needs no journal: every commit that has resolved
   * by now is in it, later ones are or are not. Rejects with SpoolError.
   */
  copyTo(directory: string): Promise<void>;
  /** `closingNote` is for the next opening, and spares it reading the journal. It is not kept on a disk that is full. */
  close(closingNote?: Buffer): Promise<void>;
}

interface Parts {
  readonly place: StorePlace;
  readonly lmdb: LmdbStore;
  readonly applier: Applier;
  readonly journal: JournalState;
  readonly closingNote: Buffer | undefined;
}

/** This part of a segment's length waits in memory before it is applied. */
const applyAbovePart = 1 / 4;
/** Above so many times that, commits wait until LMDB has taken it. */
const waitAboveTimes = 4;
const firstKey = Buffer.of(0);

/**
 * Opens or creates the store in an existing directory whose lock the caller holds. A full disk is no reason to reject:
 * what cannot reach LMDB waits. Rejects with SpoolError.
 */
export async function openJournaledStore(directory: string, options: StoreOptions): Promise<Store> {
  const { clock, onFault, onJournalFault } = options;
  const place = storePlace(options.place);
  const lmdb = await openLmdbStore(directory, place).catch(async (error: unknown) => {
    throw await faultOf(directory, error);
  });
  try {
    const left = lmdb.closingNote && decodeClosingNote(lmdb.closingNote);
    const { applier, lastNumber, isAsClosed } = await replay(directory, lmdb, options, left?.nonces);
    const journal = await openJournalState({
      directory,
      place,
      clock,
      options: options.journal,
      lmdb,
      applier,
      lastNumber,
      onFault,
      onJournalFault,
    });
    options.place?.watchPart(async () => {
      await journal.look();
      return lmdb.fileFault();
    });
    const closingNote = isAsClosed ? left?.note : undefined;
    return storeOf({ place, lmdb, applier, journal, closingNote }, clock, onFault);
  } catch (error) {
    await lmdb.close();
    throw await faultOf(directory, error);
  }
}

function storeOf(
  { place, lmdb, applier, journal, closingNote }: Parts,
  clock: Clock,
  onFault: StoreOptions["onFault"],
): Store {
  let committing = false;
  const rest = createRest({ clock, lmdb, applier, journal, isCommitting: () => committing });
  const tableOf = (name: TableName) =>
    mergedTable(name, () => ({ base: lmdb.tables[name], ...applier.layers }));
  const tables: Tables = forTables(tableOf);

  async function ensureRoom(writes: readonly Write[], mayUseReserve: boolean) {
    const nothingElse = applier.isEmpty;
    try {
      await lmdb.ensureRoom(applier.needWith(writes), mayUseReserve);
    } catch (error) {
      if (nothingElse) throw error;
      // What is unapplied needs room twice, for its values may take the place of others.
      await applier.applyAll();
      await lmdb.ensureRoom(applier.needWith(writes), mayUseReserve);
    }
  }

  async function commit(writes: readonly Write[], mayUseReserve: boolean) {
    place.assertLocked();
    rest.putOff();
    if (journal.reclaiming !== undefined) await journal.reclaiming;
    const applyAboveBytes = () => applyAbovePart * journal.segmentBytes;
    if (applier.fault !== undefined || applier.waitingBytes > waitAboveTimes * applyAboveBytes())
      await applier.applyAll();
    await ensureRoom(writes, mayUseReserve);
    if (!(await journal.commit(writes))) await applier.commitDirectly(writes);
    else if (applier.waitingBytes > applyAboveBytes()) applier.applySoon();
  }

  /** What is not known is read at the next start. */
  async function leaveNote(note: Buffer) {
    const nonces = await journal.finishedNonces();
    if (nonces !== undefined) await lmdb.writeClosingNote(encodeClosingNote({ nonces, note }));
  }

  return {
    tables,
    closingNote,
    async commit(writes, mayUseReserve) {
      committing = true;
      try {
        await commit(writes, mayUseReserve);
      } finally {
        committing = false;
      }
    },
    // After a start on a full disk there may be what LMDB has not.
    count: (table) =>
      applier.isEmpty ? lmdb.count(table) : [...tables[table].getKeys({ start: firstKey })].length,
    countKeys: (table, range) =>
      applier.isEmpty ? lmdb.countKeys(table, range) : [...tables[table].getKeys(range)].length,
    lastKey: (table) =>
      applier.isEmpty ? lmdb.lastKey(table) : [...tables[table].getKeys({ start: firstKey })].at(-1),
    async copyTo(target) {
      await applier.applyAll();
      await lmdb.copyTo(target);
    },
    async close(note) {
      await rest.close();
      // What LMDB cannot take now stands in the journal.
      await applier.applyAll().catch((error: unknown) => onFault(error as SpoolError));
      if (note !== undefined) await leaveNote(note).catch(() => undefined);
      await journal.close();
      await lmdb.close();
    },
  };
}
