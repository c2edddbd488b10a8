/**
 * Bodies too large for a record: one file each, `bodies/<shard>/<id>`, written while the message arrives and
 * durable, with its directory entry, before the record that names it is committed. A file without a record is
 * an orphan: its message was never acknowledged, or has been settled.
 */
import { mkdir, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { MessageId } from "../core/message/envelope.ts";
import { blockBytes, bodyBlocks, KeptBody, type BodyBlocks } from "./body-blocks.ts";
import { faultOf } from "./lmdb-store.ts";
import { SpoolError } from "./spool.ts";

/** A body being written. Octets wait in memory until the disk takes them: at most `highWaterBytes` and a write. */
export interface BodyWriter {
  /** Copies the octets. Returns false when the writer should wait for `whenWritable()`. Never throws. */
  write(octets: Buffer): boolean;
  whenWritable(): Promise<void>;
  /** Resolves with the crc32 when file and directory entry are durable. Rejects with SpoolError; the file is gone then. */
  finish(): Promise<number>;
  /** The body, if there was room to keep it; the room is given back. Once, after `finish`. */
  takeKept(): KeptBody | undefined;
  /** Removes the file. Idempotent; resolves when it is gone. */
  discard(): Promise<void>;
}

/** Memory for bodies between their arrival and their delivery. */
export interface BodyRoom {
  /** False: there is no room. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export interface BodyFiles {
  /** With `room`, what is written is also kept in memory as long as there is room for it. */
  begin(id: MessageId, room?: BodyRoom): BodyWriter;
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
  const syncShard = sharedSync();
  const blocks = bodyBlocks();

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
    begin: (id, room) =>
      writeBody(blocks, room, {
        open: async () => {
          await makeShard(id);
          return open(pathOf(id), "wx", 0o600);
        },
        syncEntry: () => syncShard(shardOf(id)),
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

/** A block, or the part of it that was filled. */
interface Piece {
  readonly octets: Buffer;
  written: boolean;
  kept: boolean;
}

function writeBody(
  blocks: BodyBlocks,
  room: BodyRoom | undefined,
  file: {
    open: () => Promise<FileHandle>;
    syncEntry: () => Promise<void>;
    remove: () => Promise<void>;
    faultFrom: (error: unknown) => Promise<SpoolError>;
  },
): BodyWriter {
  let filling: Buffer | undefined;
  let filledBytes = 0;
  let waiting: Piece[] = [];
  let kept: Piece[] | undefined = room && [];
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

  const reuse = (piece: Piece) => {
    if (piece.written && !piece.kept) blocks.give(piece.octets);
  };

  const leaveRoom = () => {
    const left = kept ?? [];
    room?.give(left.length * blockBytes);
    kept = undefined;
    return left;
  };

  const keepNoLonger = () => {
    for (const piece of leaveRoom()) {
      piece.kept = false;
      reuse(piece);
    }
  };

  const fill = (octets: Buffer) => {
    for (let at = 0; at < octets.length;) {
      filling ??= blocks.take();
      const copied = octets.copy(filling, filledBytes, at);
      at += copied;
      filledBytes += copied;
      if (filledBytes === blockBytes) seal();
    }
  };

  const seal = () => {
    if (filling === undefined) return;
    const piece: Piece = { octets: filling.subarray(0, filledBytes), written: false, kept: false };
    filling = undefined;
    filledBytes = 0;
    waiting.push(piece);
    if (kept === undefined) return;
    if (room?.take(blockBytes) !== true) return keepNoLonger();
    piece.kept = true;
    kept.push(piece);
  };

  async function pump() {
    try {
      handle ??= await file.open();
      while (waiting.length > 0 && (finishing || unwrittenBytes >= writeBatchBytes)) {
        const batch = waiting;
        waiting = [];
        const octets = batch.map((piece) => piece.octets);
        const writtenBytes = await writeAll(handle, octets);
        unwrittenBytes -= writtenBytes;
        for (const piece of batch) {
          piece.written = true;
          reuse(piece);
        }
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
    leaveRoom();
    waiting = [];
    filling = undefined;
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
      unwrittenBytes += octets.length;
      fill(octets);
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
        seal();
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
    takeKept() {
      const whole = kept !== undefined;
      const chunks = leaveRoom().map(({ octets }) => octets);
      return whole ? new KeptBody(chunks, blocks) : undefined;
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

/** Syncs directories; who comes while a sync of his directory runs shares the next one with all who came. */
function sharedSync(): (path: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  return (path) => {
    let sync = next.get(path);
    if (sync !== undefined) return sync;
    const before = running.get(path) ?? Promise.resolve();
    sync = before
      .catch(() => undefined)
      .then(async () => {
        next.delete(path);
        const begun = syncDirectory(path);
        running.set(path, begun);
        try {
          await begun;
        } finally {
          if (running.get(path) === begun) running.delete(path);
        }
      });
    next.set(path, sync);
    return sync;
  };
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
