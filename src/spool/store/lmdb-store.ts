/**
 * The spool's tables on disk: an LMDB environment that is replaced when it has to be.
 *
 * After a failed commit it is opened anew before it is used again. LMDB marks an environment unusable when its meta
 * page could not be written, and the binding then hangs in the next commit; opening anew also means that no flush
 * is ever repeated on a descriptor on which one failed.
 *
 * Nothing of the data file is remembered beside the environment: how long it is says the file system
 * (growing-file.ts), how much of it is used says LMDB.
 */
import { mkdir, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../ports/directory-sync.ts";
import { isFull } from "../../ports/file-fault.ts";
import { SpoolError } from "../spool.ts";
import { freeBytes, noSpace } from "./growing-file.ts";
import { ensureRoom, needBytes, requireRoom, type FileUse, type RoomNeed } from "./file-room.ts";
import {
  answerBytes,
  answersIn,
  appliedOf,
  closingNoteOf,
  closeEnvironment,
  commitTo,
  copyEnvironment,
  dataFile,
  entryCount,
  fileUse,
  isEmpty,
  openEnvironment,
  type Environment,
} from "./lmdb-environment.ts";
import { mergedTable } from "./merged-table.ts";
import { faultOf } from "./store-fault.ts";
import { anyPlace, type StorePlace } from "./store-place.ts";
import { forTables, type KeyRange, type Table, type TableName, type Tables, type Write } from "./store.ts";
import { needOf, unapplied } from "./unapplied.ts";

export interface LmdbStore {
  /** For reads. Valid until the next `await`: a failed commit replaces the tables. */
  readonly tables: Tables;
  /** Number of the last journal frame whose writes are here; 0 at first. It never goes back. */
  readonly applied: number;
  /** What `writeClosingNote` was given, by an earlier process perhaps, if no commit came after it. */
  readonly closingNote: Buffer | undefined;
  /** Durable when it resolves, until the next commit. Rejects as `commit` does. One call at a time, as of `commit`. */
  writeClosingNote(note: Buffer): Promise<void>;
  /**
   * Makes sure that commits of so many writes will find room, those under way included. `mayUseReserve`: they are
   * part of what shrinks the spool. Rejects with SpoolError `full` or `failed`. Cost: a stat.
   */
  ensureRoom(need: RoomNeed, mayUseReserve: boolean): Promise<void>;
  /**
   * Makes all writes durable, or none, and `applied` with them. Not begun without room, of which it may take the
   * reserve. One call at a time. Rejects as `ensureRoom` does.
   */
  commit(writes: readonly Write[], applied: number): Promise<void>;
  /** Entries of a table, from its root page. */
  count(table: TableName): number;
  /** Entries in a range. Cost: a native walk over its keys. */
  countKeys(table: TableName, range: KeyRange): number;
  lastKey(table: TableName): Buffer | undefined;
  /** Empty of mail, in a file that once held much: LMDB's file never shrinks by itself. Cost: a stat. */
  isLargeAndEmpty(): boolean;
  /**
   * Puts a small file with the same mark and answers in the place of an empty store's; a crash leaves one or the
   * other, whole. Nothing may be under way; reads find no mail meanwhile, and the answers. After a rejection nothing is committed before
   * one of the two files is open and its directory entry durable.
   */
  replaceFile(): Promise<void>;
  /**
   * Copies all that is committed into an empty directory, with the mark; commits go on meanwhile, and a store that has to
   * be opened anew, or closed, waits for the copy. Rejects with SpoolError.
   */
  copyTo(directory: string): Promise<void>;
  /** Why the data file is not where it was opened; undefined when it is. Cost: a stat. */
  fileFault(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Windows does not let a mapped file be lengthened. */
const fileGrows = process.platform !== "win32";
/** Where the file that takes the place of the old one is written. What a crash left there is removed at open. */
const draftFolder = "data-new";
/** A file of an empty store above this size is replaced. */
const largeBytes = 32 * 1024 * 1024;
/** Answers that take more than this keep their file as it is. */
const maxCarriedBytes = 8 * 1024 * 1024;
/** A new file takes some pages; on a disk with less than this none is begun, for LMDB may not survive the error. */
const newFileBytes = 1024 * 1024;

const noKey = Buffer.alloc(0);
const noTable = (): never => {
  throw new SpoolError("failed", "the spool cannot be read: its data file cannot be opened");
};
const closedTable: Table = { getBinary: noTable, doesExist: noTable, getKeys: noTable };
const closedTables: Tables = forTables(() => closedTable);

/** Opens or creates the store in an existing directory, durably. The caller holds the directory's lock. */
export async function openLmdbStore(directory: string, place: StorePlace = anyPlace): Promise<LmdbStore> {
  const path = join(directory, dataFile);
  await rm(join(directory, draftFolder), { recursive: true, force: true });
  if (!(await exists(path))) await requireSpace(directory);
  const first = openEnvironment(directory);
  /** Undefined: it is closed, and could not be opened again. */
  let environment: Environment | undefined = first;
  let tables: Tables = first.tables;
  let applied = appliedOf(first);
  let closingNote = closingNoteOf(first);
  /** What reads find while one file takes the place of the other. */
  let betweenFiles: Tables | undefined;
  /** Until the next commit. */
  let use: FileUse | undefined;
  /** The environment is of no use, or the entry of its file may not be durable. */
  let mustReopen = false;
  let reopening: Promise<void> | undefined;
  let committing: Promise<void> | undefined;
  /** The system reads the file in a thread of its own: closed under it, the process would end. */
  const copies = new Set<Promise<void>>();
  try {
    await syncDirectory(directory);
  } catch (error) {
    await closeEnvironment(first);
    throw error;
  }

  const opened = (): Environment => environment ?? noTable();

  /** Reads find `meanwhile`. */
  async function closeIt(meanwhile: Tables) {
    await Promise.allSettled(copies);
    const closing = environment;
    environment = undefined;
    tables = meanwhile;
    use = undefined;
    if (closing !== undefined) await closeEnvironment(closing);
  }

  /** A commit that failed and a caller that found it so may ask at the same time. */
  function reopen(): Promise<void> {
    return (reopening ??= openAnew().finally(() => {
      reopening = undefined;
    }));
  }

  async function openAnew() {
    // Nothing is opened anew in a directory that is not the one that was opened.
    await place.assertInPlace();
    await closeIt(betweenFiles ?? closedTables).catch(() => undefined);
    try {
      // LMDB would make an empty one.
      if (!(await exists(path))) throw new Error(`${path} was moved or removed`);
      const anew = openEnvironment(directory);
      environment = anew;
      tables = anew.tables;
      betweenFiles = undefined;
      applied = appliedOf(anew);
      closingNote = closingNoteOf(anew);
      await syncDirectory(directory);
    } catch (error) {
      throw await faultOf(directory, error);
    }
    mustReopen = false;
  }

  async function withRoom(need: RoomNeed, make: typeof requireRoom) {
    if (!fileGrows) return;
    const { file } = opened();
    use ??= fileUse(opened());
    try {
      await make(file, needBytes(need, use), use);
    } catch (error) {
      // No flush is repeated on a descriptor on which one failed.
      if (!isFull(error)) mustReopen = true;
      throw await faultOf(directory, error);
    }
  }

  async function commit(writes: readonly Write[], nowApplied: number, note?: Buffer) {
    place.assertLocked();
    if (mustReopen) await reopen();
    await withRoom(needOf(writes), requireRoom);
    use = undefined;
    try {
      await commitTo(
        opened(),
        writes,
        nowApplied === applied ? undefined : nowApplied,
        note ?? (closingNote === undefined ? undefined : null),
      );
    } catch (error) {
      mustReopen = true;
      // A fault of opening anew is told by the next call.
      await reopen().catch(() => undefined);
      throw await faultOf(directory, error);
    }
    applied = nowApplied;
    closingNote = note;
    use = undefined;
  }

  async function replace() {
    await place.assertInPlace();
    const { pages, pageBytes } = fileUse(opened());
    const answers = answersIn(opened());
    const neededBytes = newFileBytes + 2 * answerBytes(opened());
    mustReopen = true;
    await closeIt((betweenFiles = tablesOf(answers)));
    // Nobody has the file open: what is kept back at its end may serve the new one.
    if ((await freeBytes(directory)) < neededBytes) await truncate(path, pages * pageBytes);
    await requireSpace(directory, neededBytes);
    await writeDraft(join(directory, draftFolder), answers, applied);
    await rename(join(directory, draftFolder, dataFile), path);
    await rm(join(directory, draftFolder), { recursive: true });
  }

  return {
    get tables() {
      return tables;
    },
    get applied() {
      return applied;
    },
    get closingNote() {
      return closingNote;
    },
    async writeClosingNote(note) {
      const need = needOf([{ table: "state", key: noKey, value: note }]);
      await withRoom(need, (file, bytes, ofUse) => ensureRoom(file, bytes, ofUse, false));
      await commit([], applied, note);
    },
    async ensureRoom(need, mayUseReserve) {
      if (mustReopen) {
        await committing?.catch(() => undefined);
        if (mustReopen) await reopen();
      }
      await withRoom(need, (file, bytes, ofUse) => ensureRoom(file, bytes, ofUse, mayUseReserve));
    },
    commit(writes, nowApplied) {
      return (committing = commit(writes, nowApplied).finally(() => {
        committing = undefined;
      }));
    },
    count: (table) => entryCount(opened().tables[table]),
    countKeys: (table, range) => opened().tables[table].getKeysCount(range),
    lastKey(table) {
      const [key] = opened().tables[table].getKeys({ reverse: true, limit: 1 });
      return key;
    },
    // Beside a copy commits would wait for its end.
    isLargeAndEmpty: () =>
      !mustReopen &&
      copies.size === 0 &&
      isEmpty(opened()) &&
      opened().file.lengthBytes > largeBytes &&
      answerBytes(opened()) <= maxCarriedBytes,
    async replaceFile() {
      try {
        await replace();
      } catch (error) {
        await reopen().catch(() => undefined);
        throw await faultOf(directory, error);
      }
      await reopen();
    },
    async copyTo(target) {
      if (mustReopen) await reopen();
      const copy = copyEnvironment(opened(), target);
      copies.add(copy);
      try {
        await copy;
      } catch (error) {
        throw await faultOf(target, error);
      } finally {
        copies.delete(copy);
      }
    },
    async fileFault() {
      const looked = environment;
      // Meanwhile it may have been replaced by ourselves.
      return looked === undefined || (await looked.file.isInPlace()) || looked !== environment
        ? undefined
        : `${path} was moved, removed or replaced`;
    },
    close: () => closeIt(closedTables),
  };
}

/** A store of its own, durable but for its directory entry. */
async function writeDraft(directory: string, writes: readonly Write[], applied: number): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  const draft: Environment = openEnvironment(directory);
  try {
    await commitTo(draft, writes, applied);
  } finally {
    await closeEnvironment(draft);
  }
}

async function requireSpace(directory: string, bytes = newFileBytes): Promise<void> {
  if ((await freeBytes(directory)) < bytes) throw await faultOf(directory, noSpace());
}

/** Tables that hold these writes and nothing else. */
function tablesOf(writes: readonly Write[]): Tables {
  const held = unapplied();
  held.add(writes, undefined);
  const empty: Table = { getBinary: () => undefined, doesExist: () => false, getKeys: () => [] };
  return forTables((name) => mergedTable(name, () => ({ base: empty, older: undefined, newer: held })));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
