/**
 * The journal: commits one behind the other in a file that is already as long as it will be, so that a commit is
 * one sequential write and needs no other. Two segments take turns; one is begun again when all that stands in
 * it has reached LMDB. On disk:
 *
 *     journal/0, journal/1   a block that holds magic "WJs1", a crc32 and the nonce of this use; then frames
 *
 * Segments are small at first and double each time they are filled, as far as the disk has room.
 */
import { randomBytes } from "node:crypto";
import { close, constants, fdatasync, open, write } from "node:fs";
import { chmod, mkdir, readFile, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { promisify } from "node:util";
import { syncDirectory } from "../../ports/directory-sync.ts";
import { writeZeros } from "./file-room.ts";
import {
  blockBytes,
  decodeFrame,
  encodeFrame,
  frameBytes,
  nonceBytes,
  wholeBlocks,
  type Frame,
} from "./journal-frame.ts";
import type { Write } from "./store.ts";

const headMagic = 0x574a7331;
const headBytes = 8 + nonceBytes;
const segmentNames = ["0", "1"] as const;
const smallestSegmentBytes = 1024 * 1024;
const largestSegmentBytes = 16 * 1024 * 1024;
/** A segment takes at most this part of the free space. */
const partOfFreeSpace = 1 / 64;

export interface JournalOptions {
  /** A segment's length at the beginning and at most. Default: 1 to 16 MiB, less on a small disk. */
  readonly segmentBytes?: { readonly least: number; readonly most: number };
}

export interface Journal {
  /** Length of the segment in use. */
  readonly segmentBytes: number;
  /** Whether the segment in use has room for a frame of so many octets. */
  hasRoom(bytes: number): boolean;
  /** The sequence number of the last frame in the segment that is begun next; 0 when there is none. */
  readonly nextHolds: number;
  /**
   * Begins the other segment anew, what stands in it is lost. `forBytes`: the frame that comes next. One call at
   * a time, as all others here.
   */
  turn(forBytes: number): Promise<void>;
  /**
   * Makes a frame durable. Numbers must ascend. After a rejection the journal is of no use: whether the frame is
   * on disk is not known, and flushing it again would prove nothing.
   */
  append(sequence: number, writes: readonly Write[]): Promise<void>;
  /** Forgets all frames, durably. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface Segment {
  readonly path: string;
  readonly fd: number;
  sizeBytes: number;
  nonce: Buffer;
  endBytes: number;
  lastSequence: number;
}

const openFile = promisify(open);
const closeFile = promisify(close);
/** Not there on Windows: then each write is followed by a flush. */
const syncOnWrite: number | undefined = constants.O_DSYNC;

/**
 * Makes the journal ready; what frames there are must have been read and applied. Undefined when the disk has no
 * room for one. Rejects with the system's error.
 */
export async function openJournal(
  directory: string,
  options: JournalOptions = {},
): Promise<Journal | undefined> {
  const folder = join(directory, "journal");
  const { least = smallestSegmentBytes, most = largestSegmentBytes } = options.segmentBytes ?? {};
  const roomBytes = async () => {
    if (options.segmentBytes !== undefined) return most;
    const { bavail, bsize } = await statfs(directory);
    return Math.min(most, bavail * bsize * partOfFreeSpace);
  };
  if ((await roomBytes()) < least) return undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const segments: Segment[] = [];
  try {
    for (const name of segmentNames) segments.push(await openSegment(join(folder, name), least));
    await syncDirectory(folder);
    await syncDirectory(directory);
  } catch (error) {
    await closeAll();
    throw error;
  }
  let frame = Buffer.allocUnsafeSlow(256 * 1024);
  let [current, next] = segments as [Segment, Segment];
  await beginSegment(current).catch(async (error: unknown) => {
    await closeAll();
    throw error;
  });

  async function closeAll() {
    for (const { fd } of segments) await closeFile(fd).catch(() => undefined);
  }

  /** Doubles a segment that was filled, when the disk has room; else it stays as it is. */
  async function grow(segment: Segment, forBytes: number) {
    let wantedBytes = Math.max(segment.sizeBytes, Math.min(most, 2 * current.sizeBytes));
    while (wantedBytes < most && wantedBytes < blockBytes + wholeBlocks(forBytes)) wantedBytes *= 2;
    if (wantedBytes <= segment.sizeBytes || wantedBytes > (await roomBytes())) return;
    try {
      await writeZeros(segment.path, segment.sizeBytes, wantedBytes);
      segment.sizeBytes = wantedBytes;
    } catch {
      // The disk has filled up since it was asked.
    }
  }

  return {
    get segmentBytes() {
      return current.sizeBytes;
    },
    hasRoom: (bytes) => current.endBytes + wholeBlocks(bytes) <= current.sizeBytes,
    get nextHolds() {
      return next.lastSequence;
    },
    async turn(forBytes) {
      await grow(next, forBytes);
      await beginSegment(next);
      [current, next] = [next, current];
    },
    async append(sequence, writes) {
      const bytes = wholeBlocks(frameBytes(writes));
      if (bytes > frame.length) frame = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * frame.length));
      encodeFrame(frame, current.nonce, sequence, writes);
      await writeDurably(current.fd, frame, bytes, current.endBytes);
      current.endBytes += bytes;
      current.lastSequence = sequence;
    },
    async clear() {
      for (const segment of segments) await beginSegment(segment);
    },
    close: closeAll,
  };
}

async function openSegment(path: string, leastBytes: number): Promise<Segment> {
  await writeFile(path, "", { flag: "a", mode: 0o600 });
  await chmod(path, 0o600);
  let { size: sizeBytes } = await stat(path);
  // Blocks that were never written would have to be allocated by each commit.
  if (sizeBytes < leastBytes || sizeBytes % blockBytes !== 0) {
    const wholeBytes = Math.max(leastBytes, wholeBlocks(sizeBytes));
    await writeZeros(path, sizeBytes, wholeBytes);
    sizeBytes = wholeBytes;
  }
  const fd = await openFile(path, constants.O_RDWR | (syncOnWrite ?? 0));
  return { path, fd, sizeBytes, nonce: Buffer.alloc(nonceBytes), endBytes: blockBytes, lastSequence: 0 };
}

async function beginSegment(segment: Segment) {
  const head = Buffer.alloc(blockBytes);
  segment.nonce = randomBytes(nonceBytes);
  head.writeUInt32BE(headMagic, 0);
  segment.nonce.copy(head, 8);
  head.writeUInt32BE(crc32(head.subarray(8, headBytes)), 4);
  await writeDurably(segment.fd, head, head.length, 0);
  segment.endBytes = blockBytes;
  segment.lastSequence = 0;
}

/** Octets of `buffer`, durable when it resolves. */
async function writeDurably(fd: number, buffer: Buffer, bytes: number, position: number): Promise<void> {
  for (let done = 0; done < bytes;) done += await writeSome(fd, buffer, done, bytes - done, position + done);
  if (syncOnWrite === undefined) await promisify(fdatasync)(fd);
}

function writeSome(
  fd: number,
  buffer: Buffer,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, buffer, offset, length, position, (error, written) =>
      error ? reject(error) : resolve(written),
    );
  });
}

export interface JournalFrames {
  /** In the order in which they were committed. */
  readonly frames: readonly Frame[];
  /** What is missing between them, for people; a commit cut off at the end is not: nobody was told of it. */
  readonly damage: string | undefined;
}

/** Reads what an earlier process left, without a change. `applied`: frames up to this number are in LMDB. */
export async function readJournal(directory: string, applied: number): Promise<JournalFrames> {
  const frames: Frame[] = [];
  for (const name of segmentNames) {
    const octets = await readFile(join(directory, "journal", name)).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    for (const frame of framesIn(octets)) if (frame.sequence > applied) frames.push(frame);
  }
  frames.sort((a, b) => a.sequence - b.sequence);
  let missing = 0;
  // After number 0 the journal may be the end of a longer story: LMDB's file was made anew (journaled-store.ts).
  let before = applied === 0 ? (frames[0]?.sequence ?? 1) - 1 : applied;
  for (const { sequence } of frames) {
    missing += sequence - before - 1;
    before = sequence;
  }
  return { frames, damage: missing === 0 ? undefined : `${missing} commits in the journal cannot be read` };
}

function* framesIn(octets: Buffer): Generator<Frame, void, undefined> {
  if (octets.length < blockBytes || octets.readUInt32BE(0) !== headMagic) return;
  if (octets.readUInt32BE(4) !== crc32(octets.subarray(8, headBytes))) return;
  const nonce = octets.subarray(8, headBytes);
  for (let at = blockBytes; at < octets.length;) {
    const found = decodeFrame(octets.subarray(at), nonce);
    if (found !== undefined) yield found.frame;
    at += found?.bytes ?? blockBytes;
  }
}

/** Removes the journal: all that stands in it is in LMDB. */
export async function removeJournal(directory: string): Promise<void> {
  await rm(join(directory, "journal"), { recursive: true, force: true });
  await syncDirectory(directory);
}
