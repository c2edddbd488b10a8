/**
 * Bodies too large for a record: one file each, `bodies/<shard>/<id>`, written while the message arrives and
 * durable, with its directory entry, before the record that names it is committed. A file without a record is
 * an orphan: its message was never acknowledged, or has been settled.
 */
import {
  constants,
  copyFile,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
  type FileHandle,
} from "node:fs/promises";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { makeDirectory } from "../../ports/make-directory.ts";
import type { MessageId } from "../../core/message/envelope.ts";
import { createDirectorySync, syncDirectory, type DirectorySync } from "../../ports/directory-sync.ts";
import { isMissing } from "../../ports/file-fault.ts";
import { bodyBlocks } from "./body-blocks.ts";
import { writeBody, type BodyMemory, type BodyWriter } from "./body-writer.ts";
import { faultOf } from "../store/store-fault.ts";
import { SpoolError } from "../spool.ts";

export interface BodyFiles {
  /** With `memory`, what is written is also kept in memory as long as there is memory for it. */
  begin(id: MessageId, memory?: BodyMemory): BodyWriter;
  /** Chunks in order. Throws SpoolError `damaged`, at the latest in place of the last chunk. */
  read(id: MessageId, sizeBytes: number, crc: number): AsyncGenerator<Buffer, void, undefined>;
  /** Removes a body; one that is gone is no fault. */
  remove(id: MessageId): Promise<void>;
  /** Moves a body to `path`, for a message set aside. False when there is none. */
  moveTo(id: MessageId, path: string): Promise<boolean>;
  /**
   * Removes the bodies of an earlier process that no message has, while others come and go; returns how many. Rejects
   * with what `isKept` throws. Cost: a listing, and `isKept` for each.
   */
  sweep(known: {
    /** The last id of that process' messages: what comes in now has higher ones. */
    readonly lastId: MessageId;
    /** Of a message that is there or comes in. */
    readonly isKept: (id: MessageId) => boolean;
    /** The rest is left for the next time. */
    readonly isOver: () => boolean;
  }): Promise<number>;
  /** Why the directory is not the one that was opened; undefined when it is. Cost: a stat. */
  directoryFault(): Promise<string | undefined>;
  /**
   * From now on no body leaves its place: those that are removed or moved stay until what this returns is called, for a
   * copy of all. Only in memory: after a crash the next `sweep` removes them.
   */
  holdRemovals(): () => void;
  /** Ids and paths of all there are, in no order, those that are being written too. */
  all(): AsyncGenerator<{ readonly id: MessageId; readonly path: string }, void, undefined>;
}

/** Handing work to the pool costs the event loop more than the copy: few, large reads. */
const readChunkBytes = 256 * 1024;
const shards = 256;
/** So many are looked at before other work gets its turn. */
const turnBodies = 256;

export interface BodyFilesOptions {
  /** False: there are messages, so there must be a directory; when it is missing, it is waited for. Default true. */
  readonly mayMakeDirectory?: boolean;
  /** Asked when something is not where it should be: why all is missing, or undefined when it is this one body. */
  readonly whyMissing?: () => Promise<string | undefined>;
  /** Asked of a body that stands where one is to be written: whether no message has it. Default false: the new one fails. */
  readonly isOrphan?: (id: MessageId) => boolean;
}

/** Directories are made as they are needed, with mode 0700; files have 0600. */
export async function openBodyFiles(
  spoolDirectory: string,
  options: BodyFilesOptions = {},
): Promise<BodyFiles> {
  const { mayMakeDirectory = true, isOrphan = () => false } = options;
  const { whyMissing = () => Promise.resolve(undefined) } = options;
  const directory = join(spoolDirectory, "bodies");
  if (mayMakeDirectory) await makeDirectory(directory, 0o700);
  /** The directory that was opened; undefined: it was not there yet. */
  let own = await identityOf(directory);
  const made = new Map<string, Promise<void>>();
  const syncs = new Map<string, DirectorySync>();
  const blocks = bodyBlocks();
  let holders = 0;
  const heldBack = new Set<MessageId>();

  const shardOf = (id: MessageId) =>
    join(directory, (Math.floor(id / 4096) % shards).toString(16).padStart(2, "0"));
  const pathOf = (id: MessageId) => join(shardOf(id), String(id));

  const makeShard = (id: MessageId): Promise<void> => {
    const shard = shardOf(id);
    let making = made.get(shard);
    if (making === undefined) {
      // Only the shard: a spool that was moved away must not begin anew in its old place.
      making = mkdir(shard, { mode: 0o700 })
        .catch((error: unknown) => {
          if (!isThere(error)) throw error;
        })
        .then(() => syncDirectory(directory));
      made.set(shard, making);
      making.catch(() => made.delete(shard));
    }
    return making;
  };

  const syncShard = (shard: string): Promise<void> => {
    let sync = syncs.get(shard);
    if (sync === undefined) {
      sync = createDirectorySync(shard);
      syncs.set(shard, sync);
    }
    return sync();
  };

  return {
    begin: (id, memory) =>
      writeBody(blocks, memory, {
        open: async () => {
          await makeShard(id);
          try {
            return await open(pathOf(id), "wx", 0o600);
          } catch (error) {
            if (isThere(error) && isOrphan(id)) {
              // Not swept yet, and its id drawn again by a clock that went back.
              await removeFile(pathOf(id));
            } else {
              if (!isMissing(error)) throw error;
              // Somebody removed the shard.
              made.delete(shardOf(id));
              await makeShard(id);
            }
            return open(pathOf(id), "wx", 0o600);
          }
        },
        syncEntry: () => syncShard(shardOf(id)),
        remove: () => removeFile(pathOf(id)),
        async faultFrom(error) {
          const why = isMissing(error) ? await whyMissing() : undefined;
          return why === undefined ? faultOf(spoolDirectory, error) : new SpoolError("failed", why);
        },
      }),
    read: (id, sizeBytes, crc) => readBody(pathOf(id), sizeBytes, crc, whyMissing),
    async remove(id) {
      if (holders > 0) heldBack.add(id);
      else await removeFile(pathOf(id));
    },
    async moveTo(id, path) {
      try {
        if (holders === 0) await rename(pathOf(id), path);
        else {
          await copyFile(pathOf(id), path, constants.COPYFILE_FICLONE);
          heldBack.add(id);
        }
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    async sweep({ lastId, isKept, isOver }) {
      let swept = 0;
      for (const shard of await namesIn(directory, isShard)) {
        let looked = 0;
        for (const name of await namesIn(join(directory, shard), isBody)) {
          if (isOver()) return swept;
          if (++looked % turnBodies === 0) await nextTurn();
          const id = Number(name);
          if (Number.isSafeInteger(id) && isKept(id)) continue;
          if (holders > 0) {
            heldBack.add(id);
            continue;
          }
          // What cannot be removed takes room, and no more. An id that may be drawn again is removed in the step that looked.
          const path = join(directory, shard, name);
          if (id > lastId ? removedNow(path) : await removeFile(path).then(isDone, isNotDone)) swept++;
        }
      }
      return swept;
    },
    async directoryFault() {
      let found;
      try {
        found = await identityOf(directory);
      } catch (error) {
        return `${directory} cannot be reached: ${String(error)}`;
      }
      own ??= found;
      if (found === undefined)
        return `${directory}, with the contents of large messages, was moved or removed`;
      return found === own ? undefined : `another directory was put in the place of ${directory}`;
    },
    holdRemovals() {
      holders++;
      let holds = true;
      return () => {
        if (!holds) return;
        holds = false;
        if (--holders > 0) return;
        const gone = [...heldBack];
        heldBack.clear();
        void removeInTurn(gone);
      };
    },
    async *all() {
      for (const shard of await namesIn(directory, isShard))
        for (const name of await namesIn(join(directory, shard), isBody))
          yield { id: Number(name), path: join(directory, shard, name) };
    },
  };

  /** One at a time, beside the mail. What cannot be removed is swept at the next open. */
  async function removeInTurn(ids: readonly MessageId[]) {
    for (const id of ids) await removeFile(pathOf(id)).catch(() => undefined);
  }
}

function removedNow(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

const isDone = (): boolean => true;
const isNotDone = (): boolean => false;
const isShard = /^[0-9a-f]{2}$/;
const isBody = /^\d+$/;

/** Names of a kind in a directory. Whatever else people or file systems put there is left alone. */
async function namesIn(directory: string, isOurs: RegExp): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => isOurs.test(name));
}

function isThere(error: unknown): boolean {
  return (error as { code?: unknown }).code === "EEXIST";
}

async function identityOf(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(directory);
    return `${dev}:${ino}`;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function* readBody(
  path: string,
  sizeBytes: number,
  expectedCrc: number,
  whyMissing: () => Promise<string | undefined>,
) {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if (!isMissing(error))
      throw new SpoolError("failed", `the body file cannot be opened: ${String(error)}`, { cause: error });
    const why = await whyMissing();
    throw why === undefined
      ? new SpoolError("damaged", "the body file is missing")
      : new SpoolError("failed", why, { cause: error });
  }
  try {
    let crc = 0;
    let at = 0;
    let held: Buffer | undefined;
    for (;;) {
      // One octet more than there should be tells a file that has grown.
      const chunk = Buffer.allocUnsafeSlow(Math.min(readChunkBytes, sizeBytes - at + 1));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at).catch(unreadable);
      if (bytesRead === 0) break;
      if (held !== undefined) yield held;
      held = chunk.subarray(0, bytesRead);
      crc = crc32(held, crc);
      at += bytesRead;
      if (at >= sizeBytes) break;
    }
    if (at !== sizeBytes)
      throw new SpoolError("damaged", `the body file has ${at} octets in place of ${sizeBytes}`);
    if (crc !== expectedCrc) throw new SpoolError("damaged", "the body file does not match its checksum");
    if (held !== undefined) yield held;
  } finally {
    await handle.close();
  }
}

function unreadable(error: unknown): never {
  throw new SpoolError("failed", `the body file cannot be read: ${String(error)}`, { cause: error });
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
