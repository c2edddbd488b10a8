/**
 * The journal: commits one behind the other, each a frame, so that a commit is one sequential write and needs no
 * other. Two segments, `journal/0` and `journal/1`, take turns; one is begun again when all that stands in it has
 * reached LMDB. They are small at first and double each time they are filled, as far as the disk has room.
 */
import { open, statfs, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../../ports/make-directory.ts";
import { syncDirectory } from "../../ports/directory-sync.ts";
import {
  encodeFrame,
  frameBytes,
  journalBlockBytes,
  nonceBytes,
  wholeBlocks,
  type Frame,
} from "./journal-frame.ts";
import {
  framesIn,
  hasBrokenFrame,
  isHeadless,
  nonceIn,
  openSegment,
  type Segment,
  type SegmentFrames,
} from "./journal-segment.ts";
import type { Write } from "./store.ts";

const segmentNames = ["0", "1"] as const;
const smallestSegmentBytes = 1024 * 1024;
const largestSegmentBytes = 16 * 1024 * 1024;
/** A segment takes at most this part of the free space. */
const partOfFreeSpace = 1 / 64;
/** More is not read of a segment that somebody else made longer. */
const mostReadBytes = 4 * largestSegmentBytes;

export interface JournalOptions {
  /** A segment's length at the beginning and at most. Default: 1 to 16 MiB, less on a small disk. */
  readonly segmentBytes?: { readonly least: number; readonly most: number };
}

export interface Journal {
  /** Length of the segment in use. */
  readonly segmentBytes: number;
  /** Whether the segment in use has room for a frame of so many octets. */
  hasRoom(bytes: number): boolean;
  /** Number of the last frame in the other segment, which `switchSegments` empties; 0 when there is none. */
  readonly lastNumberInOther: number;
  /** Begins the other segment anew, what stands in it is lost, and uses it. `forBytes`: the frame that comes next. */
  switchSegments(forBytes: number): Promise<void>;
  /** Makes a frame durable. Numbers must ascend. */
  append(number: number, writes: readonly Write[]): Promise<void>;
  /** Whether both segments are where they were opened: what stands in others is never read again. */
  isInPlace(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Makes the journal ready; what frames there are must be in LMDB. Undefined when the disk has no room for one. Rejects
 * with the system's error. One call at a time of what it returns. After a rejection the journal is of no use: what
 * is on disk is not known, and flushing it again would prove nothing.
 */
export async function openJournal(
  directory: string,
  options: JournalOptions = {},
): Promise<Journal | undefined> {
  const folder = join(directory, "journal");
  const { least = smallestSegmentBytes, most = largestSegmentBytes } = options.segmentBytes ?? {};
  const longestBytes = async () => {
    if (options.segmentBytes !== undefined) return most;
    const { bavail, bsize } = await statfs(directory);
    return Math.min(most, bavail * bsize * partOfFreeSpace);
  };
  if ((await longestBytes()) < least) return undefined;
  await makeDirectory(folder, 0o700);
  const opened: Segment[] = [];
  const closeAll = async () => {
    for (const segment of opened) await segment.close().catch(() => undefined);
  };
  try {
    for (const name of segmentNames) opened.push(await openSegment(join(folder, name), least, most));
    // Beside each other: a disk makes all three durable in about the time of one.
    const made = await Promise.allSettled([
      syncDirectory(folder),
      syncDirectory(directory),
      opened[0]?.begin(least),
    ]);
    for (const one of made) if (one.status === "rejected") throw one.reason;
  } catch (error) {
    await closeAll();
    throw error;
  }
  let [current, other] = opened as [Segment, Segment];
  let buffer = Buffer.allocUnsafeSlow(256 * 1024);

  /** Twice what was filled, more for a large frame; as it is when the disk has no room for that. */
  async function nextLength(forBytes: number): Promise<number> {
    let wantedBytes = Math.min(most, 2 * current.usableBytes);
    while (wantedBytes < most && wantedBytes < journalBlockBytes + wholeBlocks(forBytes)) wantedBytes *= 2;
    return wantedBytes <= (await longestBytes()) ? wantedBytes : least;
  }

  return {
    get segmentBytes() {
      return current.usableBytes;
    },
    hasRoom: (bytes) => current.endBytes + wholeBlocks(bytes) <= current.usableBytes,
    get lastNumberInOther() {
      return other.lastNumber;
    },
    async switchSegments(forBytes) {
      await other.begin(await nextLength(forBytes));
      [current, other] = [other, current];
    },
    async append(number, writes) {
      const bytes = wholeBlocks(frameBytes(writes));
      if (bytes > buffer.length) buffer = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * buffer.length));
      encodeFrame(buffer, current.nonce, number, writes);
      await current.append(number, buffer, bytes);
    },
    isInPlace: async () => (await current.isInPlace()) && (await other.isInPlace()),
    close: closeAll,
  };
}

export interface JournalFrames {
  /** In the order in which they were committed. */
  readonly frames: readonly Frame[];
  /** What is missing between them, for people. */
  readonly damage: string | undefined;
  /**
   * The last commit is not whole. Most often the end of the process cut it off before anybody was told that it is kept;
   * a commit that was damaged afterwards looks the same.
   */
  readonly cutOff: boolean;
  /** All segments are those that `finished` names. */
  readonly isFinished: boolean;
}

/**
 * Reads what an earlier process left, without a change. `applied`: frames up to this number are in LMDB. So are all of a
 * segment whose nonce is the one `finished` has at its place: it is not read.
 */
export async function readJournal(
  directory: string,
  applied: number,
  finished: readonly Buffer[] = [],
): Promise<JournalFrames> {
  const segments = await Promise.all(
    segmentNames.map((name, index) => readSegment(pathOf(directory, name), finished[index])),
  );
  const headless = segmentNames.filter((_, index) => isHeadless(segments[index] ?? noOctets));
  const found = segments.map((octets) => framesIn(octets, applied));
  const frames = found
    .flatMap((segment) => segment.frames)
    .filter(({ sequence }) => sequence > applied)
    .sort((a, b) => a.sequence - b.sequence);
  let missing = 0;
  // After number 0 the journal may be the end of a longer story: earlier versions began LMDB's mark again.
  let before = applied === 0 ? (frames[0]?.sequence ?? 1) - 1 : applied;
  for (const { sequence } of frames) {
    missing += sequence - before - 1;
    before = sequence;
  }
  const damages = [
    ...headless.map((name) => `segment ${name} of the journal cannot be read, its head is damaged`),
    ...(missing > 0 ? [`${missing} commits in the journal cannot be read`] : []),
  ];
  // What is missing between others is told as that.
  const cutOff =
    damages.length === 0 &&
    segments.some((octets, index) =>
      hasBrokenFrame(octets, (found[index] as SegmentFrames).endBytes, before + 1),
    );
  return {
    frames,
    cutOff,
    damage: damages.length === 0 ? undefined : damages.join("; "),
    isFinished: segments.every((octets, index) => isFinished(octets, finished[index])),
  };
}

/**
 * The nonce of each segment as it is on disk, of one that was never begun zeros: for `readJournal`, once all that stands in
 * them is in LMDB. Undefined where one cannot be read.
 */
export async function readNonces(directory: string): Promise<readonly Buffer[] | undefined> {
  const heads = await Promise.all(
    segmentNames.map(async (name) => {
      const handle = await open(pathOf(directory, name), "r");
      try {
        return await readFrom(handle, journalBlockBytes);
      } finally {
        await handle.close();
      }
    }),
  );
  return heads.some(isHeadless) ? undefined : heads.map(nonceOf);
}

const noOctets = Buffer.alloc(0);
const noNonce = Buffer.alloc(nonceBytes);

function nonceOf(head: Buffer): Buffer {
  return nonceIn(head) ?? noNonce;
}

function isFinished(octets: Buffer, finished: Buffer | undefined): boolean {
  return finished !== undefined && !isHeadless(octets) && nonceOf(octets).equals(finished);
}

function pathOf(directory: string, name: string): string {
  return join(directory, "journal", name);
}

/** Its first block only where `finished` names its nonce. */
async function readSegment(path: string, finished: Buffer | undefined): Promise<Buffer> {
  let handle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return noOctets;
    throw error;
  }
  try {
    if (finished !== undefined) {
      const head = await readFrom(handle, journalBlockBytes);
      if (isFinished(head, finished)) return head;
    }
    const { size } = await handle.stat();
    return await readFrom(handle, Math.min(size, mostReadBytes));
  } finally {
    await handle.close();
  }
}

/** So many octets of the beginning, fewer where there are no more. */
async function readFrom(handle: FileHandle, bytes: number): Promise<Buffer> {
  const octets = Buffer.allocUnsafeSlow(bytes);
  let filledBytes = 0;
  while (filledBytes < bytes) {
    const { bytesRead } = await handle.read(octets, filledBytes, bytes - filledBytes, filledBytes);
    if (bytesRead === 0) break;
    filledBytes += bytesRead;
  }
  return octets.subarray(0, filledBytes);
}
