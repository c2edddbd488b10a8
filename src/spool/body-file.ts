/**
 * Bodies too large for a record: one file each, `bodies/<shard>/<id>`, written while the message arrives and
 * durable, with its directory entry, before the record that names it is committed. A file without a record is
 * an orphan: its message was never acknowledged, or has been settled.
 */
import { mkdir, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { MessageId } from "../core/message/envelope.ts";
import { faultOf } from "./lmdb-store.ts";
import { SpoolError } from "./spool.ts";

/** A body being written. Octets wait in memory until the disk takes them: at most `highWaterBytes` and a write. */
export interface BodyWriter {
  /** Returns false when the writer should wait for `whenWritable()`. Never throws. */
  write(octets: Buffer): boolean;
  whenWritable(): Promise<void>;
  /** Resolves with the crc32 when file and directory entry are durable. Rejects with SpoolError; the file is gone then. */
  finish(): Promise<number>;
  /** Removes the file. Idempotent; resolves when it is gone. */
  discard(): Promise<void>;
}

export interface BodyFiles {
  begin(id: MessageId): BodyWriter;
  /** Chunks in order. Throws SpoolError `damaged`, at the latest in place of the last chunk. */
  read(id: MessageId, sizeBytes: number, crc: number): AsyncGenerator<Buffer, void, undefined>;
  /** Removes a body; one that is gone is no fault. */
  remove(id: MessageId): Promise<void>;
  /** Moves a body to `path`, for a message set aside. False when there is none. */
  moveTo(id: MessageId, path: string): Promise<boolean>;
  /** Removes all files that `isKept` does not know. Returns how many. */
  sweep(isKept: (id: MessageId) => boolean): Promise<number>;
}

export const highWaterBytes = 512 * 1024;
/** Handing work to the pool costs the event loop more than the copy: fewer, larger writes and reads. */
const writeBatchBytes = 192 * 1024;
const readChunkBytes = 512 * 1024;
const shards = 256;

/** Directories are made as they are needed, with mode 0700; files have 0600. */
export async function openBodyFiles(spoolDirectory: string): Promise<BodyFiles> {
  const directory = join(spoolDirectory, "bodies");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const made = new Map<string, Promise<void>>();

  const shardOf = (id: MessageId) =>
    join(directory, (Math.floor(id / 4096) % shards).toString(16).padStart(2, "0"));
  const pathOf = (id: MessageId) => join(shardOf(id), String(id));

  const makeShard = (id: MessageId): Promise<void> => {
    const shard = shardOf(id);
    let making = made.get(shard);
    if (making === undefined) {
      making = mkdir(shard, { recursive: true, mode: 0o700 }).then(() => syncDirectory(directory));
      made.set(shard, making);
      making.catch(() => made.delete(shard));
    }
    return making;
  };

  return {
    begin: (id) =>
      writeBody({
        open: async () => {
          await makeShard(id);
          return open(pathOf(id), "wx", 0o600);
        },
        syncEntry: () => syncDirectory(shardOf(id)),
        remove: () => removeFile(pathOf(id)),
        faultFrom: (error) => faultOf(spoolDirectory, error),
      }),
    read: (id, sizeBytes, crc) => readBody(pathOf(id), sizeBytes, crc),
    remove: (id) => removeFile(pathOf(id)),
    async moveTo(id, path) {
      try {
        await rename(pathOf(id), path);
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    async sweep(isKept) {
      let swept = 0;
      for (const shard of await readdir(directory)) {
        for (const name of await readdir(join(directory, shard))) {
          if (isKept(Number(name))) continue;
          await removeFile(join(directory, shard, name));
          swept++;
        }
      }
      return swept;
    },
  };
}

function writeBody(file: {
  open: () => Promise<FileHandle>;
  syncEntry: () => Promise<void>;
  remove: () => Promise<void>;
  faultFrom: (error: unknown) => Promise<SpoolError>;
}): BodyWriter {
  let waiting: Buffer[] = [];
  let unwrittenBytes = 0;
  let crc = 0;
  let fault: unknown;
  let over = false;
  let finishing = false;
  let wake: (() => void) | undefined;
  let writable: Promise<void> | undefined;
  let pumping: Promise<void> | undefined;
  let handle: FileHandle | undefined;
  let removed: Promise<void> | undefined;

  const release = () => {
    wake?.();
    wake = writable = undefined;
  };

  async function pump() {
    try {
      handle ??= await file.open();
      while (waiting.length > 0 && (finishing || unwrittenBytes >= writeBatchBytes)) {
        const batch = waiting;
        waiting = [];
        const writtenBytes = await writeAll(handle, batch);
        unwrittenBytes -= writtenBytes;
        if (unwrittenBytes < highWaterBytes / 2) release();
      }
    } catch (error) {
      fault ??= error;
      waiting = [];
      unwrittenBytes = 0;
      release();
    }
    pumping = undefined;
  }

  async function discard() {
    over = true;
    waiting = [];
    release();
    await pumping;
    await handle?.close().catch(() => undefined);
    handle = undefined;
    await file.remove().catch(() => undefined);
  }

  return {
    write(octets) {
      if (over || fault !== undefined || octets.length === 0) return true;
      crc = crc32(octets, crc);
      waiting.push(octets);
      unwrittenBytes += octets.length;
      if (unwrittenBytes >= writeBatchBytes) pumping ??= pump();
      return unwrittenBytes < highWaterBytes;
    },
    whenWritable() {
      if (over || unwrittenBytes < highWaterBytes) return Promise.resolve();
      return (writable ??= new Promise((resolve) => {
        wake = resolve;
      }));
    },
    async finish() {
      try {
        finishing = true;
        await pumping;
        await pump();
        over = true;
        if (fault !== undefined) throw fault;
        if (handle === undefined) throw new Error("the body was discarded");
        await handle.datasync();
        const closing = handle;
        handle = undefined;
        await closing.close();
        await file.syncEntry();
        return crc;
      } catch (error) {
        await (removed ??= discard());
        throw await file.faultFrom(error);
      }
    },
    discard: () => (removed ??= discard()),
  };
}

async function writeAll(handle: FileHandle, buffers: readonly Buffer[]): Promise<number> {
  let rest: Buffer[] = [...buffers];
  let total = 0;
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    total += bytesWritten;
    while (rest[0] !== undefined && bytesWritten >= rest[0].length) {
      bytesWritten -= rest[0].length;
      rest.shift();
    }
    if (rest[0] !== undefined && bytesWritten > 0) rest = [rest[0].subarray(bytesWritten), ...rest.slice(1)];
  }
  return total;
}

async function* readBody(path: string, sizeBytes: number, expectedCrc: number) {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw isMissing(error)
      ? new SpoolError("damaged", "the body file is missing")
      : new SpoolError("failed", `the body file cannot be opened: ${String(error)}`, { cause: error });
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

/** Makes the entries of a directory durable. Windows cannot, and needs not: NTFS journals them. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT";
}
