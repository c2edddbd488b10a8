/** Writes one large body while it arrives: through blocks of memory to a file, and for a while kept in memory too. */
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { bodyBlockBytes, KeptBody, type BodyBlocks } from "./body-blocks.ts";
import type { SpoolError } from "../spool.ts";

/** A body being written. Octets wait in memory until the disk takes them: at most `highWaterBytes` and a write. */
export interface BodyWriter {
  /** Copies the octets. Returns false when the writer should wait for `whenWritable()`. Never throws. */
  write(octets: Buffer): boolean;
  whenWritable(): Promise<void>;
  /** Resolves with the crc32 when file and directory entry are durable. Rejects with SpoolError; the file is gone then. */
  finish(): Promise<number>;
  /** The body, if there was memory to keep it, which is free again. Once, after `finish`. */
  takeKept(): KeptBody | undefined;
  /** Removes the file. Idempotent; resolves when it is gone. */
  discard(): Promise<void>;
}

/** Memory for bodies between their arrival and their delivery. */
export interface BodyMemory {
  /** False: there is no more. */
  reserve(bytes: number): boolean;
  free(bytes: number): void;
}

/** Handing work to the pool costs the event loop more than the copy: few, large writes. */
const writeBatchBytes = 192 * 1024;
/** One batch is written while the next one fills. */
export const highWaterBytes = 2 * writeBatchBytes;

/** A block, or the part of it that was filled. */
interface Piece {
  readonly octets: Buffer;
  written: boolean;
  kept: boolean;
}

/** `file`: where it goes; `faultFrom` makes what `finish` rejects with. */
export function writeBody(
  blocks: BodyBlocks,
  memory: BodyMemory | undefined,
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
  let kept: Piece[] | undefined = memory && [];
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

  const wakeWriter = () => {
    wake?.();
    wake = writable = undefined;
  };

  const reuse = (piece: Piece) => {
    if (piece.written && !piece.kept) blocks.give(piece.octets);
  };

  const leaveMemory = () => {
    const left = kept ?? [];
    memory?.free(left.length * bodyBlockBytes);
    kept = undefined;
    return left;
  };

  const keepNoLonger = () => {
    for (const piece of leaveMemory()) {
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
      if (filledBytes === bodyBlockBytes) seal();
    }
  };

  const seal = () => {
    if (filling === undefined) return;
    const piece: Piece = { octets: filling.subarray(0, filledBytes), written: false, kept: false };
    filling = undefined;
    filledBytes = 0;
    waiting.push(piece);
    if (kept === undefined) return;
    if (memory?.reserve(bodyBlockBytes) !== true) return keepNoLonger();
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
        // What is left here starts no write by itself: whoever waits must go on.
        if (unwrittenBytes < writeBatchBytes) wakeWriter();
      }
    } catch (error) {
      fault ??= error;
      waiting = [];
      unwrittenBytes = 0;
      wakeWriter();
    }
    pumping = undefined;
  }

  async function discard() {
    over = true;
    leaveMemory();
    waiting = [];
    filling = undefined;
    wakeWriter();
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
        if (!over) await pump();
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
      const chunks = leaveMemory().map(({ octets }) => octets);
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
