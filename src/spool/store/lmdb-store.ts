/**
 * The LMDB environment: the spool's tables, atomic writes that are on disk when their promise resolves, plain
 * reads.
 *
 * Writes go through `batch()`: the pool thread does the tree work and the flush, the event loop only fills an
 * instruction buffer; `transaction()` would run every put on the event loop while it holds the write lock.
 * `overlappingSync: false` makes the promise wait for fdatasync and the meta page (written through O_DSYNC).
 *
 * After a failed commit the environment is opened anew before it is used again. LMDB marks an environment
 * unusable when its meta page could not be written, and the binding then hangs in the next commit; opening
 * anew also means that no flush is ever repeated on a descriptor on which one failed.
 */
import { statSync } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { open, type Database, type RootDatabase } from "lmdb";
import { fullFileSystem } from "../../ports/file-fault.ts";
import { fileRoom, type FileUse } from "./file-room.ts";
import { SpoolError } from "../spool.ts";
import { tableNames, type KeyRange, type Table, type TableName, type Tables, type Write } from "./store.ts";
import { pagesOf } from "./unapplied.ts";

type LmdbTable = Database<Buffer, Buffer>;

interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly tables: Readonly<Record<TableName, LmdbTable>>;
  /** `appliedKey` → the number of the last journal frame whose writes are here. */
  readonly journal: LmdbTable;
}

/** What writes take of the data file. */
export interface RoomNeed {
  readonly writes: number;
  readonly valuePages: number;
}

export interface LmdbStore {
  /** For reads. Valid until the next `await`: a failed commit replaces the tables. */
  readonly tables: Tables;
  /** Number of the last journal frame whose writes are here; 0 at first. */
  readonly applied: number;
  /**
   * Makes sure that commits of so many writes will find room, those under way included. `mayUseReserve`: they are
   * part of what shrinks the spool. Rejects with SpoolError `full` or `failed`. Cost: arithmetic.
   */
  ensureRoom(need: RoomNeed, mayUseReserve: boolean): Promise<void>;
  /** Makes all writes durable, or none, and `applied` with them. One call at a time. Rejects as `ensureRoom` does. */
  commit(writes: readonly Write[], applied: number): Promise<void>;
  /** Entries of a table, from its root page. */
  count(table: TableName): number;
  /** Entries in a range. Cost: a native walk over its keys. */
  countKeys(table: TableName, range: KeyRange): number;
  lastKey(table: TableName): Buffer | undefined;
  /** Empty, in a file that once held much: LMDB's file never shrinks by itself. Cost: a stat. */
  isLargeAndEmpty(): boolean;
  /**
   * Makes the file of an empty store anew; `applied` is 0 then. Nothing may be under way; reads find empty tables
   * meanwhile.
   */
  shrink(): Promise<void>;
  close(): Promise<void>;
}

const dataFile = "data.mdb";
const lockFile = "lock.mdb";
const appliedKey = Buffer.from("applied");
/** Below this an I/O error of LMDB, which does not tell why, is taken for a full disk. */
const fullBelowBytes = 1024 * 1024;
/** A file of an empty store above this size is made anew. */
const shrinkAboveBytes = 32 * 1024 * 1024;
/** What a commit takes beside what `pagesFor` counts: the list of free pages, roots, split branches. */
const sparePages = 64;

const noTable: Table = { getBinary: () => undefined, doesExist: () => false, getKeys: () => [] };
const noTables: Tables = { messages: noTable, queue: noTable, state: noTable };

/**
 * Opens or creates the environment in an existing directory. The caller holds the directory's lock. `assertInPlace`
 * rejects while the directory is not the one that was opened: nothing is opened anew or removed there.
 */
export async function openLmdbStore(
  directory: string,
  assertInPlace: () => Promise<void> = () => Promise.resolve(),
): Promise<LmdbStore> {
  const path = join(directory, dataFile);
  const roomOf = async () => (process.platform === "win32" ? undefined : fileRoom(path));
  let environment = openEnvironment(directory);
  let room = await roomOf();
  let applied = appliedOf(environment);
  let use: FileUse | undefined;
  let branchPages = 0;
  let broken = false;
  let shrinking = false;
  let reopening: Promise<void> | undefined;

  return {
    get tables() {
      return shrinking ? noTables : environment.tables;
    },
    get applied() {
      return applied;
    },
    async ensureRoom(need, mayUseReserve) {
      if (broken) await reopen();
      if (use === undefined) ({ use, branchPages } = fileUse(environment));
      const known = use;
      try {
        await room?.ensure({ pages: pagesFor(need, branchPages), mayUseReserve }, () => known);
      } catch (error) {
        throw await faultOf(directory, error);
      }
    },
    async commit(writes, nowApplied) {
      if (broken) await reopen();
      use = undefined;
      const { root, tables, journal } = environment;
      try {
        await root.batch(() => {
          for (const { table, key, value } of writes) {
            if (value === undefined) void tables[table].remove(key);
            else void tables[table].put(key, value);
          }
          if (nowApplied !== applied) void journal.put(appliedKey, encodeApplied(nowApplied));
        });
      } catch (error) {
        broken = true;
        const cause = await commitCause(error);
        await reopen();
        throw await faultOf(directory, cause);
      }
      applied = nowApplied;
      use = undefined;
      root.resetReadTxn();
    },
    count: (table) => entryCount(environment.tables[table]),
    countKeys: (table, range) => environment.tables[table].getKeysCount(range),
    lastKey(table) {
      const [key] = environment.tables[table].getKeys({ reverse: true, limit: 1 });
      return key;
    },
    isLargeAndEmpty: () =>
      !broken &&
      tableNames.every((table) => entryCount(environment.tables[table]) === 0) &&
      statSync(path).size > shrinkAboveBytes,
    async shrink() {
      shrinking = true;
      try {
        await environment.root.close();
        await rm(path, { force: true });
        await rm(join(directory, lockFile), { force: true });
        environment = openEnvironment(directory);
        room = await roomOf();
        applied = 0;
        use = undefined;
      } catch (error) {
        broken = true;
        throw await faultOf(directory, error);
      } finally {
        shrinking = false;
      }
    },
    close: () => environment.root.close(),
  };

  /** A commit that failed and a caller that found it so may ask at the same time. */
  function reopen(): Promise<void> {
    return (reopening ??= openAnew().finally(() => {
      reopening = undefined;
    }));
  }

  async function openAnew() {
    try {
      await assertInPlace();
      await environment.root.close().catch(() => undefined);
      environment = openEnvironment(directory);
      applied = appliedOf(environment);
      broken = false;
    } catch (error) {
      throw await faultOf(directory, error);
    }
  }
}

function openEnvironment(directory: string): Environment {
  const options = {
    path: directory,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: tableNames.length + 1,
    overlappingSync: false,
    eventTurnBatching: false,
    permissionsMode: 0o600,
  } as const;
  const root = open<Buffer, Buffer>(options);
  const table = (name: string): LmdbTable =>
    root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
  const tables = { messages: table("messages"), queue: table("queue"), state: table("state") };
  return { root, tables, journal: table("journal") };
}

function appliedOf({ journal }: Environment): number {
  return journal.getBinary(appliedKey)?.readDoubleBE() ?? 0;
}

function encodeApplied(applied: number): Buffer {
  const value = Buffer.allocUnsafe(8);
  value.writeDoubleBE(applied);
  return value;
}

/** What writes have of a store's room. */
export function needOf(writes: readonly Write[]): RoomNeed {
  let valuePages = 0;
  for (const { value } of writes) if (value !== undefined) valuePages += pagesOf(value);
  return { writes: writes.length, valuePages };
}

/** What a commit takes at most: its values, a leaf and half of a split one for every write, the branches above. */
function pagesFor({ writes, valuePages }: RoomNeed, branchPages: number): number {
  const branches = Math.min(3 * writes, branchPages) + (writes >> 3);
  return sparePages + valuePages + 2 * writes + branches;
}

interface TreeStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function fileUse({ root, tables: { messages, queue, state }, journal }: Environment) {
  const stats = root.getStats() as { root: TreeStats; free: TreeStats; lastPageNumber: number };
  const pages = stats.lastPageNumber + 1;
  const trees = [
    stats.root,
    stats.free,
    ...[messages, queue, state, journal].map((table) => table.getStats() as TreeStats),
  ];
  let treePages = 2;
  let branchPages = 0;
  for (const tree of trees) {
    treePages += tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
    branchPages += tree.treeBranchPageCount;
  }
  const use: FileUse = { pageBytes: stats.root.pageSize, pages, freePages: pages - treePages };
  return { use, branchPages };
}

function entryCount(table: LmdbTable): number {
  return (table.getStats() as { entryCount: number }).entryCount;
}

/** LMDB rejects with a general error whose `commitError` is a promise that rejects with the reason. */
async function commitCause(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  return commitError.then(
    () => error,
    (reason: unknown) => reason,
  );
}

/** `full` when the disk says so, or when it is so while LMDB only says EIO. */
export async function faultOf(directory: string, cause: unknown): Promise<SpoolError> {
  if (cause instanceof SpoolError) return cause;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const full = code === "ENOSPC" || code === "EDQUOT" || (await freeBytes(directory)) < fullBelowBytes;
  const reason = full ? `${await fullFileSystem(directory)} (${String(message)})` : String(message);
  return new SpoolError(full ? "full" : "failed", `the spool ${directory} cannot be written: ${reason}`, {
    cause,
  });
}

async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
