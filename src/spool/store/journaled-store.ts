/**
 * LMDB behind a journal. A commit is one sequential durable write to the journal (journal.ts); its writes then
 * stand in memory, above LMDB's tables, until they are applied: many at once, in the background. What was put
 * and removed in between never reaches LMDB, and that is most of the mail.
 *
 * What holds at every moment, and after every crash:
 *  - LMDB's tables, then the journal's frames above LMDB's own mark (`applied`), are all that was committed.
 *  - A frame that could not be written is never replayed: the mark is set beyond it before it is reported.
 *  - LMDB always has room for all that is unapplied, so a full disk is noticed by the commit that is one too many.
 *
 * Where the journal cannot be had (a small or failing disk) or a commit does not fit in it, LMDB commits directly.
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import { openJournal, readJournal, removeJournal, type Journal, type JournalOptions } from "./journal.ts";
import { frameBytes } from "./journal-frame.ts";
import { faultOf, needOf, openLmdbStore, type LmdbStore, type RoomNeed } from "./lmdb-store.ts";
import { mergedTable } from "./merged-table.ts";
import { SpoolError } from "../spool.ts";
import type { SpoolPlace } from "../lock/spool-place.ts";
import type { KeyRange, TableName, Tables, Write } from "./store.ts";
import { unapplied, type Unapplied } from "./unapplied.ts";

export interface StoreOptions {
  readonly clock: Clock;
  /** Default: by the size of the disk; false: LMDB alone. */
  readonly journal?: JournalOptions | false;
  /** Where it stands. Without: nobody moves it. */
  readonly place?: Pick<SpoolPlace, "lockFault" | "look">;
  /** Hears of a journal that fails or is damaged; the store goes on. */
  readonly onFault: (fault: SpoolError) => void;
}

export interface Store {
  /** For reads. They see every commit that has resolved, and nothing of one that has not. */
  readonly tables: Tables;
  /**
   * Makes all writes durable, or none. One call at a time. `mayUseReserve`: the writes are part of what shrinks
   * the spool. Rejects with SpoolError `full` or `failed`.
   */
  commit(writes: readonly Write[], mayUseReserve: boolean): Promise<void>;
  /** Entries of a table when the store was opened. */
  count(table: TableName): number;
  countKeys(table: TableName, range: KeyRange): number;
  lastKey(table: TableName): Buffer | undefined;
  close(): Promise<void>;
}

/** This part of a segment's length waits in memory before it is applied. */
const applyAbovePart = 1 / 4;
/** Above so many times that, commits wait until LMDB has taken it. */
const waitAboveTimes = 4;
/** Without commits for so long, what is left is applied, and an empty data file shrinks. */
const restAfterMs = 5_000;
const journalAgainAfterMs = 60_000;

/** Opens or creates the store in an existing directory whose lock the caller holds. */
export async function openJournaledStore(directory: string, options: StoreOptions): Promise<Store> {
  const { clock, onFault } = options;
  const assertInPlace = async () => {
    const fault = await options.place?.look();
    if (fault !== undefined) throw new SpoolError("failed", fault);
  };
  const lmdb = await openLmdbStore(directory, assertInPlace);
  let sequence: number;
  let journal: Journal | undefined;
  try {
    sequence = await replay(directory, lmdb, onFault);
    await reclaim(undefined);
    journal = await journalOrNone();
  } catch (error) {
    await lmdb.close();
    throw await faultOf(directory, error);
  }
  let journalAgainAt = clock.now() + journalAgainAfterMs;
  let newer = unapplied();
  let older: Unapplied | undefined;
  /** The last frame whose writes stand in `newer`, or in none. */
  let gathered = sequence;
  let applying: Promise<void> | undefined;
  let applyFault: SpoolError | undefined;
  let lastCommitAt = clock.now();
  let resting: Timer | undefined;
  let reclaiming: Promise<void> | undefined;
  let committing = false;
  let closed = false;

  async function journalOrNone(): Promise<Journal | undefined> {
    if (options.journal === false) return undefined;
    try {
      await assertInPlace();
      return await openJournal(directory, options.journal);
    } catch (error) {
      const cause = await faultOf(directory, error);
      onFault(new SpoolError(cause.code, `the journal cannot be used: ${cause.message}`, { cause: error }));
      return undefined;
    }
  }

  function assertLocked() {
    const fault = options.place?.lockFault;
    if (fault !== undefined) throw new SpoolError("failed", fault);
  }

  /** Gives the disk back what an empty store holds. */
  async function reclaim(open: Journal | undefined) {
    if (!lmdb.isLargeAndEmpty()) return;
    await assertInPlace();
    // A frame must not outlive the mark that says it is done with.
    await (open === undefined ? removeJournal(directory) : open.clear());
    await lmdb.shrink();
  }

  /** Moves what is unapplied to LMDB, in the background; one at a time. */
  function apply(): Promise<void> {
    return (applying ??= applyNow().finally(() => {
      applying = undefined;
    }));
  }

  async function applyNow() {
    assertLocked();
    const upTo = gathered;
    if (newer.size === 0 && lmdb.applied === upTo) return;
    const moving = (older = newer);
    newer = unapplied();
    try {
      await lmdb.commit(moving.writes(), upTo);
      applyFault = undefined;
    } catch (error) {
      const merged = unapplied();
      merged.add(moving.writes(), undefined);
      merged.add(newer.writes(), undefined);
      newer = merged;
      applyFault = await faultOf(directory, error);
      throw applyFault;
    } finally {
      older = undefined;
    }
  }

  async function applyAll() {
    await applying?.catch(() => undefined);
    await apply();
  }

  function applyAboveBytes(): number {
    return applyAbovePart * (journal?.segmentBytes ?? 0);
  }

  function applySoon() {
    // The next commit meets the fault and reports it.
    if (applying === undefined) apply().catch(() => undefined);
  }

  /** All that is unapplied, and writes that come on top. */
  function needWith(writes: readonly Write[]): RoomNeed {
    const own = needOf(writes);
    return {
      writes: own.writes + newer.size + (older?.size ?? 0),
      valuePages: own.valuePages + newer.valuePages + (older?.valuePages ?? 0),
    };
  }

  async function commitDirectly(writes: readonly Write[]) {
    await applyAll();
    await lmdb.commit(writes, gathered);
  }

  /** Whether the frame is in the journal. */
  async function journalled(writes: readonly Write[]): Promise<boolean> {
    if (journal === undefined && options.journal !== false && clock.now() >= journalAgainAt) {
      journalAgainAt = clock.now() + journalAgainAfterMs;
      await applyAll();
      journal = await journalOrNone();
    }
    if (journal === undefined) return false;
    const bytes = frameBytes(writes);
    try {
      if (!journal.hasRoom(bytes)) {
        while (journal.nextHolds > lmdb.applied) await applyAll();
        await journal.turn(bytes);
        applySoon();
        if (!journal.hasRoom(bytes)) return false;
      }
    } catch (error) {
      if (error === applyFault) throw error;
      await giveUpJournal(error);
      return false;
    }
    sequence++;
    try {
      await journal.append(sequence, writes);
    } catch (error) {
      // LMDB's mark must pass the frame, which may be on disk, before anything else is told of it.
      gathered = sequence;
      await giveUpJournal(error);
      return false;
    }
    newer.add(writes, older);
    gathered = sequence;
    return true;
  }

  async function giveUpJournal(error: unknown) {
    const failed = journal;
    journal = undefined;
    journalAgainAt = clock.now() + journalAgainAfterMs;
    const { code, message } = await faultOf(directory, error);
    onFault(new SpoolError(code, `the journal cannot be used: ${message}`, { cause: error }));
    await failed?.close();
  }

  function restLater() {
    resting ??= clock.after(restAfterMs, () => {
      resting = undefined;
      if (closed) return;
      if (clock.now() - lastCommitAt < restAfterMs) restLater();
      else rest().catch(() => undefined);
    });
  }

  /** Nothing goes on: LMDB takes what is left. */
  async function rest() {
    await applyAll();
    if (newer.size > 0 || committing || closed || !lmdb.isLargeAndEmpty()) return;
    reclaiming = reclaim(journal).finally(() => {
      reclaiming = undefined;
    });
    await reclaiming;
  }

  async function commit(writes: readonly Write[], mayUseReserve: boolean) {
    assertLocked();
    lastCommitAt = clock.now();
    restLater();
    if (reclaiming !== undefined) await reclaiming.catch(() => undefined);
    if (applyFault !== undefined || newer.bytes > waitAboveTimes * applyAboveBytes()) await applyAll();
    try {
      await lmdb.ensureRoom(needWith(writes), mayUseReserve);
    } catch (error) {
      if (newer.size === 0 && older === undefined) throw error;
      // What is unapplied needs room twice, for its values may take the place of others.
      await applyAll();
      await lmdb.ensureRoom(needWith(writes), mayUseReserve);
    }
    if (!(await journalled(writes))) return commitDirectly(writes);
    if (newer.bytes > applyAboveBytes()) applySoon();
  }

  const layersOf = (name: TableName) => () => ({ base: lmdb.tables[name], older, newer });
  return {
    tables: {
      messages: mergedTable("messages", layersOf("messages")),
      queue: mergedTable("queue", layersOf("queue")),
      state: mergedTable("state", layersOf("state")),
    },
    async commit(writes, mayUseReserve) {
      committing = true;
      try {
        await commit(writes, mayUseReserve);
      } finally {
        committing = false;
      }
    },
    count: (table) => lmdb.count(table),
    countKeys: (table, range) => lmdb.countKeys(table, range),
    lastKey: (table) => lmdb.lastKey(table),
    async close() {
      closed = true;
      resting?.cancel();
      await reclaiming?.catch(() => undefined);
      // What LMDB cannot take now stands in the journal.
      await applyAll().catch((error: unknown) => onFault(error as SpoolError));
      await journal?.close();
      await lmdb.close();
    },
  };
}

/** Applies what an earlier process left in the journal. Returns the highest number in use. */
async function replay(
  directory: string,
  lmdb: LmdbStore,
  onFault: (fault: SpoolError) => void,
): Promise<number> {
  const { frames, damage } = await readJournal(directory, lmdb.applied);
  if (damage !== undefined) onFault(new SpoolError("failed", damage));
  const last = frames.at(-1)?.sequence ?? lmdb.applied;
  if (frames.length === 0) return last;
  const left = unapplied();
  for (const { writes } of frames) left.add(writes, undefined);
  const writes = left.writes();
  await lmdb.ensureRoom(needOf(writes), true);
  await lmdb.commit(writes, last);
  return last;
}
