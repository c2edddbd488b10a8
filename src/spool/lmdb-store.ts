/**
 * The LMDB environment: three tables, atomic writes that are on disk when their promise resolves, plain reads.
 *
 * Writes go through `batch()`: the pool thread does the tree work and the flush, the event loop only fills an
 * instruction buffer; `transaction()` would run every put on the event loop while it holds the write lock.
 * `overlappingSync: false` makes the promise wait for fdatasync and the meta page (written through O_DSYNC).
 *
 * After a failed commit the environment is opened anew before it is used again. LMDB marks an environment
 * unusable when its meta page could not be written, and the binding then hangs in the next commit; opening
 * anew also means that no flush is ever repeated on a descriptor on which one failed.
 */
import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { open, type Database, type RootDatabase } from "lmdb";
import { fileRoom, type FileUse } from "./file-room.ts";
import { SpoolError } from "./spool.ts";

export const tables = ["messages", "queue", "state"] as const;
export type TableName = (typeof tables)[number];
export type Table = Database<Buffer, Buffer>;

/** One put, or a removal when there is no value. Removing what is not there is no fault. */
export interface Write {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly tables: Readonly<Record<TableName, Table>>;
}

export interface LmdbStore {
  /** For reads. Valid until the next `await`: a failed commit replaces the tables. */
  readonly tables: Readonly<Record<TableName, Table>>;
  /**
   * Makes all writes durable, or none. One call at a time. `mayUseReserve`: the writes are part of what shrinks
   * the spool. Rejects with SpoolError `full` or `failed`.
   */
  commit(writes: readonly Write[], mayUseReserve: boolean): Promise<void>;
  close(): Promise<void>;
}

const dataFile = "data.mdb";
const lockFile = "lock.mdb";
/** Below this an I/O error of LMDB, which does not tell why, is taken for a full disk. */
const fullBelowBytes = 1024 * 1024;
/** A file of an empty store above this size is removed at open: LMDB's file never shrinks by itself. */
const recreateAboveBytes = 256 * 1024 * 1024;

/** Opens or creates the environment in an existing directory. The caller holds the directory's lock. */
export async function openLmdbStore(directory: string): Promise<LmdbStore> {
  let environment = openEnvironment(directory);
  if (isEmpty(environment) && (await fileBytes(join(directory, dataFile))) > recreateAboveBytes) {
    await environment.root.close();
    await rm(join(directory, dataFile), { force: true });
    await rm(join(directory, lockFile), { force: true });
    environment = openEnvironment(directory);
  }
  let broken = false;
  const room = process.platform === "win32" ? undefined : await fileRoom(join(directory, dataFile));

  return {
    get tables() {
      return environment.tables;
    },
    async commit(writes, mayUseReserve) {
      if (broken) await reopen();
      try {
        await room?.ensure({ pages: pagesFor(writes), mayUseReserve }, () => fileUse(environment));
      } catch (error) {
        throw await faultOf(directory, error);
      }
      try {
        await environment.root.batch(() => {
          for (const { table, key, value } of writes) {
            const database = environment.tables[table];
            if (value === undefined) void database.remove(key);
            else void database.put(key, value);
          }
        });
      } catch (error) {
        broken = true;
        const cause = await commitCause(error);
        await reopen();
        throw await faultOf(directory, cause);
      }
    },
    close: () => environment.root.close(),
  };

  async function reopen() {
    try {
      await environment.root.close().catch(() => undefined);
      environment = openEnvironment(directory);
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
    maxDbs: tables.length,
    overlappingSync: false,
    eventTurnBatching: false,
    permissionsMode: 0o600,
  } as const;
  const root = open<Buffer, Buffer>(options);
  const table = (name: TableName): Table =>
    root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
  return { root, tables: { messages: table("messages"), queue: table("queue"), state: table("state") } };
}

function isEmpty({ tables: { messages, queue, state } }: Environment): boolean {
  return entryCount(messages) + entryCount(queue) + entryCount(state) === 0;
}

/** What a commit takes at most: its values, a path of each tree for every write, the list of free pages. */
function pagesFor(writes: readonly Write[]): number {
  let pages = 64;
  for (const { value } of writes) pages += 4 + (value === undefined ? 0 : Math.ceil(value.length / 4096) + 1);
  return pages;
}

interface TreeStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function fileUse({ root, tables: { messages, queue, state } }: Environment): FileUse {
  const stats = root.getStats() as { root: TreeStats; free: TreeStats; lastPageNumber: number };
  const pages = stats.lastPageNumber + 1;
  const trees = [
    stats.root,
    stats.free,
    ...[messages, queue, state].map((table) => table.getStats() as TreeStats),
  ];
  let treePages = 2;
  for (const tree of trees)
    treePages += tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
  return { pageBytes: stats.root.pageSize, pages, freePages: pages - treePages };
}

/** Entries of a table, from its root page. */
export function entryCount(table: Table): number {
  return (table.getStats() as { entryCount: number }).entryCount;
}

async function fileBytes(path: string): Promise<number> {
  return (await stat(path)).size;
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
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const full = code === "ENOSPC" || code === "EDQUOT" || (await freeBytes(directory)) < fullBelowBytes;
  return new SpoolError(full ? "full" : "failed", `the spool cannot be written: ${String(message)}`, {
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
