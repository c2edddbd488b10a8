/**
 * A segment of the journal: a file that is already as long as it will be, by blocks that are allocated. In its first
 * block stand magic "WJs1", a crc32 and the nonce of this use, and once more in the middle of it: without the nonce no
 * frame is known. Behind it frames.
 */
import { randomBytes } from "node:crypto";
import { close, constants, fdatasync, open, write } from "node:fs";
import { chmod } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { promisify } from "node:util";
import { openGrowingFile, type GrowingFile } from "./growing-file.ts";
import { decodeFrame, journalBlockBytes, nonceBytes, type Frame, beginsFrame } from "./journal-frame.ts";

const headMagic = 0x574a7331;
const headBytes = 8 + nonceBytes;
/** The first counts when both are whole; earlier versions wrote that alone. */
const headsAt = [0, journalBlockBytes / 2] as const;

const openFile = promisify(open);
const closeFile = promisify(close);
/** Not there on Windows: then each write is followed by a flush. */
const syncOnWrite: number | undefined = constants.O_DSYNC;

export interface Segment {
  /** What frames may fill, the head included. */
  readonly usableBytes: number;
  /** Drawn at random for each use. */
  readonly nonce: Buffer;
  /** Where the next frame begins. */
  readonly endBytes: number;
  /** Number of its last frame; 0 when there is none. */
  readonly lastNumber: number;
  /**
   * Empty again, with a new nonce, as far as `wantedBytes` long as the disk allows; durable when it resolves. What
   * stood in it is lost by then or not.
   */
  begin(wantedBytes: number): Promise<void>;
  /** Puts the octets of frame `number` behind the last one; durable when it resolves. */
  append(number: number, frame: Buffer, frameBytes: number): Promise<void>;
  /** Whether its path still leads to it. */
  isInPlace(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens or makes the file, at least `leastBytes` long; at most `mostBytes` of it are used. Rejects with the system's
 * error. It must be begun before it is used.
 */
export async function openSegment(path: string, leastBytes: number, mostBytes: number): Promise<Segment> {
  const file = openGrowingFile(path);
  let fd: number;
  try {
    await chmod(path, 0o600);
    await lengthenTo(file, leastBytes);
    fd = await openFile(path, constants.O_RDWR | (syncOnWrite ?? 0));
  } catch (error) {
    file.close();
    throw error;
  }
  // Whole blocks, for others may have changed the file.
  const usable = () => {
    const { lengthBytes } = file;
    return Math.min(mostBytes, lengthBytes - (lengthBytes % journalBlockBytes));
  };
  let usableBytes = usable();
  let nonce: Buffer = Buffer.alloc(nonceBytes);
  let endBytes = journalBlockBytes;
  let lastNumber = 0;

  return {
    get usableBytes() {
      return usableBytes;
    },
    get nonce() {
      return nonce;
    },
    get endBytes() {
      return endBytes;
    },
    get lastNumber() {
      return lastNumber;
    },
    async begin(wantedBytes) {
      await lengthenTo(file, wantedBytes).catch(() => undefined);
      const fresh = randomBytes(nonceBytes);
      await writeDurably(fd, headOf(fresh), journalBlockBytes, 0);
      // Only now: frames with a nonce that the head on disk does not name would never be found.
      nonce = fresh;
      usableBytes = usable();
      endBytes = journalBlockBytes;
      lastNumber = 0;
    },
    async append(number, frame, frameBytes) {
      await writeDurably(fd, frame, frameBytes, endBytes);
      endBytes += frameBytes;
      lastNumber = number;
    },
    isInPlace: () => file.isInPlace(),
    async close() {
      file.close();
      await closeFile(fd);
    },
  };
}

async function lengthenTo(file: GrowingFile, wantedBytes: number) {
  const missingBytes = wantedBytes - file.lengthBytes;
  if (missingBytes > 0) await file.lengthen(missingBytes);
}

function headOf(nonce: Buffer): Buffer {
  const block = Buffer.alloc(journalBlockBytes);
  for (const at of headsAt) {
    const head = block.subarray(at, at + headBytes);
    head.writeUInt32BE(headMagic, 0);
    nonce.copy(head, 8);
    head.writeUInt32BE(crc32(head.subarray(8)), 4);
  }
  return block;
}

/** Of the use that a segment's first block names; undefined where it names none. */
export function nonceIn(octets: Buffer): Buffer | undefined {
  if (octets.length < journalBlockBytes) return undefined;
  for (const at of headsAt) {
    const head = octets.subarray(at, at + headBytes);
    if (head.readUInt32BE(0) === headMagic && head.readUInt32BE(4) === crc32(head.subarray(8)))
      return head.subarray(8);
  }
  return undefined;
}

/** Whether a segment was begun once and its head cannot be read: what stands in it is not known. */
export function isHeadless(octets: Buffer): boolean {
  if (octets.length < journalBlockBytes || nonceIn(octets) !== undefined) return false;
  return octets.subarray(0, journalBlockBytes).some((octet) => octet !== 0);
}

export interface SegmentFrames {
  /** The whole ones. */
  readonly frames: readonly Frame[];
  /** Behind them. */
  readonly endBytes: number;
}

/** The frames among a segment's octets; those with numbers up to `applied` without their writes. */
export function framesIn(octets: Buffer, applied = -1): SegmentFrames {
  const frames: Frame[] = [];
  let endBytes = journalBlockBytes;
  const nonce = nonceIn(octets);
  for (let at = journalBlockBytes; nonce !== undefined && at < octets.length;) {
    const found = decodeFrame(octets, nonce, at, applied);
    at += found?.bytes ?? journalBlockBytes;
    if (found === undefined) continue;
    frames.push(found.frame);
    endBytes = at;
  }
  return { frames, endBytes };
}

/** Whether the frame of that number stands behind `endBytes`, where there is no whole one, and is not whole itself. */
export function hasBrokenFrame(octets: Buffer, endBytes: number, sequence: number): boolean {
  const nonce = nonceIn(octets);
  if (nonce === undefined) return false;
  for (let at = endBytes; at < octets.length; at += journalBlockBytes)
    if (beginsFrame(octets, nonce, sequence, at)) return true;
  return false;
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
