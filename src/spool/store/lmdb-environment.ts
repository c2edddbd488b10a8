/**
 * One LMDB environment: the spool's tables and the mark of what they have of the journal, in `data.mdb` of a
 * directory. Commits are atomic, and on disk when their promise resolves.
 *
 * Writes go through `batch()`: the pool thread does the tree work and the flush, the event loop only fills an
 * instruction buffer; `transaction()` would run every put on the event loop while it holds the write lock.
 * `overlappingSync: false` makes the promise wait for fdatasync and the meta page (written through O_DSYNC).
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { open, type Database, type RootDatabase } from "lmdb";
import { join } from "node:path";
import type { FileUse } from "./file-room.ts";
import { openGrowingFile, type GrowingFile } from "./growing-file.ts";
import { answerTables, forTables, tableNames, type TableName, type Write } from "./store.ts";

type LmdbTable = Database<Buffer, Buffer>;

export const dataFile = "data.mdb";
const mailTables = ["messages", "queue", "state"] as const satisfies readonly TableName[];

export interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly tables: Readonly<Record<TableName, LmdbTable>>;
  /** `appliedKey` → the number of the last journal frame whose writes are here; `closingNoteKey` → see `closingNoteOf`. */
  readonly journal: LmdbTable;
  /** What LMDB writes to, with it opened and closed. */
  readonly file: GrowingFile;
}

const appliedKey = Buffer.from("applied");
const closingNoteKey = Buffer.from("closing");

/** LMDB's table of readers, which it maps; more than it asks for. */
const readersFile = "lock.mdb";
const readersBytes = 3 * 4096;

/** Opens or creates it in an existing directory; its entry there is not durable yet. Throws the system's error. */
export function openEnvironment(directory: string): Environment {
  allocateReaders(directory);
  openAsLmdbWill(directory);
  const options = {
    path: directory,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: tableNames.length + 1,
    overlappingSync: false,
    eventTurnBatching: false,
    // Otherwise the binding takes a directory with a dot in its name for a file.
    noSubdir: false,
    permissionsMode: 0o600,
  } as const;
  const root = open<Buffer, Buffer>(options);
  try {
    const table = (name: string): LmdbTable =>
      root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
    // In one transaction: each that makes one by itself waits for the disk.
    const opened = root.transactionSync(() => ({ tables: forTables(table), journal: table("journal") }));
    return { root, ...opened, file: openGrowingFile(join(directory, dataFile)) };
  } catch (error) {
    void root.close();
    throw error;
  }
}

/**
 * Makes the table's file as long as LMDB wants it, by blocks that are allocated. Were that left to LMDB, a disk that
 * takes nothing would end the process by a signal: the binding does not survive a failed `ftruncate`, and a mapped
 * page without room is a SIGBUS.
 */
function allocateReaders(directory: string): void {
  const fd = openSync(join(directory, readersFile), "a", 0o600);
  try {
    for (let left = readersBytes - fstatSync(fd).size; left > 0;) left -= writeSync(fd, Buffer.alloc(left));
  } finally {
    closeSync(fd);
  }
}

/**
 * A failed open within LMDB ends the process by a signal. So the descriptors it will ask for are opened here before,
 * where what is missing (rights, descriptors, an inode) is an error like any other.
 */
function openAsLmdbWill(directory: string): void {
  const opened: number[] = [];
  try {
    opened.push(openSync(join(directory, readersFile), constants.O_RDWR));
    const { O_RDWR, O_CREAT, O_WRONLY } = constants;
    // Not there on Windows.
    const syncOnWrite = (constants as { readonly O_DSYNC?: number }).O_DSYNC ?? 0;
    for (const flags of [O_RDWR | O_CREAT, O_WRONLY | syncOnWrite])
      opened.push(openSync(join(directory, dataFile), flags, 0o600));
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** Once, and nothing of it may be read from then on: the binding would crash. */
export async function closeEnvironment({ root, file }: Environment): Promise<void> {
  file.close();
  await root.close();
}

/**
 * Copies the environment as its last commit left it into `data.mdb` of an empty directory, without what is free in it;
 * commits go on beside that, and take new pages meanwhile. On disk when it resolves. Rejects with the reason; what is
 * there then is of no use.
 */
export async function copyEnvironment({ root }: Environment, directory: string): Promise<void> {
  await root.backup(directory, true);
  const copy = await openFile(join(directory, dataFile), "r+");
  try {
    await copy.chmod(0o600);
    await copy.sync();
  } finally {
    await copy.close();
  }
}

/**
 * All writes and the mark, or nothing; and the closing note, which is removed where it is null. Rejects with LMDB's reason;
 * the environment is of no use then.
 */
export async function commitTo(
  { root, tables, journal }: Environment,
  writes: readonly Write[],
  applied: number | undefined,
  closingNote?: Buffer | null,
): Promise<void> {
  try {
    await root.batch(() => {
      for (const { table, key, value } of writes) {
        if (value === undefined) void tables[table].remove(key);
        else void tables[table].put(key, value);
      }
      if (applied !== undefined) void journal.put(appliedKey, encodeApplied(applied));
      if (closingNote === null) void journal.remove(closingNoteKey);
      else if (closingNote !== undefined) void journal.put(closingNoteKey, closingNote);
    });
  } catch (error) {
    throw await commitCause(error);
  }
  root.resetReadTxn();
}

export function appliedOf({ journal }: Environment): number {
  return journal.getBinary(appliedKey)?.readDoubleBE() ?? 0;
}

/** What the last commit of all left beside everything it had. Undefined where another kind of commit was the last. */
export function closingNoteOf({ journal }: Environment): Buffer | undefined {
  const note = journal.getBinary(closingNoteKey);
  // What the binding gives is its own memory.
  return note && Buffer.from(note);
}

function encodeApplied(applied: number): Buffer {
  const value = Buffer.allocUnsafe(8);
  value.writeDoubleBE(applied);
  return value;
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

/** Of mail. */
export function isEmpty({ tables }: Environment): boolean {
  return mailTables.every((name) => entryCount(tables[name]) === 0);
}

/** What its answers take. */
export function answerBytes({ tables }: Environment): number {
  return answerTables.reduce((total, name) => {
    const stats = tables[name].getStats() as TreeStats;
    return total + pagesOf(stats) * stats.pageSize;
  }, 0);
}

/** All answers, as writes. Cost: memory for them. */
export function answersIn({ tables }: Environment): Write[] {
  return answerTables.flatMap((table) =>
    Array.from(tables[table].getRange(), ({ key, value }) => ({
      table,
      // What the binding gives is its own memory.
      key: Buffer.from(key),
      value: Buffer.from(value),
    })),
  );
}

/** From the table's root page. */
export function entryCount(table: LmdbTable): number {
  return (table.getStats() as { entryCount: number }).entryCount;
}

interface TreeStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}

/** From the root pages of all trees, as the last commit left them. */
export function fileUse({ root, tables, journal }: Environment): FileUse {
  const stats = root.getStats() as { root: TreeStats; free: TreeStats; lastPageNumber: number };
  const pages = stats.lastPageNumber + 1;
  const trees = [
    stats.root,
    stats.free,
    ...[...Object.values(tables), journal].map((table) => table.getStats() as TreeStats),
  ];
  let treePages = 2;
  let branchPages = 0;
  for (const tree of trees) {
    treePages += pagesOf(tree);
    branchPages += tree.treeBranchPageCount;
  }
  return { pageBytes: stats.root.pageSize, pages, freePages: pages - treePages, branchPages };
}
