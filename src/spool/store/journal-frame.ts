/**
 * One commit as it stands in the journal: a frame.
 *
 *      0  magic "WJf1"              4  crc32 of all behind it
 *      8  the segment's nonce, 16   24  sequence number, 6 octets    30  two octets zero
 *     32  length of the frame       36  number of writes
 *     40  for each write: table, 1 when it has a value, key length (2), value length (4), key, value
 *
 * Frames begin at multiples of `journalBlockBytes`: none shares a block with the one before it, so that a power cut
 * while one is written cannot harm another. The nonce is drawn at random for each use of a segment. It tells
 * frames of this use from older ones, and from octets in a message that were made to look like a frame.
 * Numbers are big-endian.
 */
import { crc32 } from "node:zlib";
import { tableNames, type Write } from "./store.ts";

export const journalBlockBytes = 4096;
export const nonceBytes = 16;

const magic = 0x574a6631;
const crcAt = 4;
const nonceAt = 8;
const sequenceAt = 24;
const sequenceBytes = 6;
const lengthAt = 32;
const countAt = 36;
const writesAt = 40;
const writeHeadBytes = 8;

export interface Frame {
  readonly sequence: number;
  readonly writes: readonly Write[];
}

/** The length of a frame, without what fills its last block. */
export function frameBytes(writes: readonly Write[]): number {
  let bytes = writesAt;
  for (const { key, value } of writes) bytes += writeHeadBytes + key.length + (value?.length ?? 0);
  return bytes;
}

/** Rounded up to whole blocks. */
export function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / journalBlockBytes) * journalBlockBytes;
}

/**
 * Writes a frame of `frameBytes(writes)` octets to the beginning of `target`, and zeros up to the end of its last
 * block. Cost: one copy and one crc32.
 */
export function encodeFrame(target: Buffer, nonce: Buffer, sequence: number, writes: readonly Write[]): void {
  target.writeUInt32BE(magic, 0);
  nonce.copy(target, nonceAt);
  target.writeUIntBE(sequence, sequenceAt, sequenceBytes);
  target.writeUInt16BE(0, sequenceAt + sequenceBytes);
  target.writeUInt32BE(writes.length, countAt);
  let at = writesAt;
  for (const { table, key, value } of writes) {
    target[at] = tableNames.indexOf(table);
    target[at + 1] = value === undefined ? 0 : 1;
    target.writeUInt16BE(key.length, at + 2);
    target.writeUInt32BE(value?.length ?? 0, at + 4);
    at += writeHeadBytes;
    at += key.copy(target, at);
    if (value !== undefined) at += value.copy(target, at);
  }
  target.writeUInt32BE(at, lengthAt);
  target.fill(0, at, wholeBlocks(at));
  target.writeUInt32BE(crc32(target.subarray(nonceAt, at)), crcAt);
}

/** Whether the frame of that number begins at `at`, whole or not: two of the three signs of it are enough. */
export function beginsFrame(octets: Buffer, nonce: Buffer, sequence: number, at = 0): boolean {
  if (octets.length - at < writesAt) return false;
  const hasMagic = octets.readUInt32BE(at) === magic;
  const hasNonce = isOfUse(octets, at, nonce);
  const hasNumber = octets.readUIntBE(at + sequenceAt, sequenceBytes) === sequence;
  return Number(hasMagic) + Number(hasNonce) + Number(hasNumber) >= 2;
}

/**
 * The frame at `at`, and its length in whole blocks; undefined when there is none, whole. One with a number up to `applied`
 * comes without its writes: who asks has them.
 */
export function decodeFrame(
  octets: Buffer,
  nonce: Buffer,
  at = 0,
  applied = -1,
): { frame: Frame; bytes: number } | undefined {
  if (octets.length - at < writesAt || octets.readUInt32BE(at) !== magic) return undefined;
  if (!isOfUse(octets, at, nonce)) return undefined;
  const length = octets.readUInt32BE(at + lengthAt);
  if (length < writesAt || length > octets.length - at) return undefined;
  if (octets.readUInt32BE(at + crcAt) !== crc32(octets.subarray(at + nonceAt, at + length))) return undefined;
  const sequence = octets.readUIntBE(at + sequenceAt, sequenceBytes);
  const bytes = wholeBlocks(length);
  if (sequence <= applied) return { frame: { sequence, writes: [] }, bytes };
  const writes: Write[] = [];
  let next = at + writesAt;
  for (let left = octets.readUInt32BE(at + countAt); left > 0; left--) {
    const table = tableNames[octets[next] as number];
    // A later version's: better to stop than to read half of a commit.
    if (table === undefined) return undefined;
    const keyAt = next + writeHeadBytes;
    const valueAt = keyAt + octets.readUInt16BE(next + 2);
    const end = valueAt + octets.readUInt32BE(next + 4);
    const value = octets[next + 1] === 0 ? undefined : octets.subarray(valueAt, end);
    writes.push({ table, key: octets.subarray(keyAt, valueAt), value });
    next = end;
  }
  return { frame: { sequence, writes }, bytes };
}

function isOfUse(octets: Buffer, at: number, nonce: Buffer): boolean {
  return octets.compare(nonce, 0, nonceBytes, at + nonceAt, at + nonceAt + nonceBytes) === 0;
}
