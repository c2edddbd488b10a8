/**
 * A file of the traffic record: frames one behind the other. What a second gathered is one; a segment
 * (core/traffic/traffic-codes.ts) is one that begins it and those that go on with it, or, in a file that is finished, all
 * of it compressed.
 *
 *      0  "WT"                     2  kind: S begins a segment, P goes on, Z a whole one, compressed
 *      3  length of what follows   7  crc32 of kind and what follows   11  content
 *
 * The content of Z begins with when the segment began by the wall clock, six octets, so that it need not be opened to be
 * passed over.
 */
import { constants, crc32, deflateRaw, inflateRawSync } from "node:zlib";
import { promisify } from "node:util";
import { readSegmentHead, TrafficDamage, type SegmentHead } from "../core/traffic/traffic-decoder.ts";

export type FrameKind = "S" | "P" | "Z";

const magic = Buffer.from("WT");
const headBytes = 11;
export const frameHeadBytes = headBytes;
/** Compressed: enough for what a segment begins with. */
const openedBytes = 1_024;
const beginBytes = 6;
/** Nothing longer is written: a damaged length does not ask for all memory. */
const mostBytes = 64 * 1024 * 1024;
/** Stands for damage that a compressed file had: whoever reads it knows that a segment ended before its end. */
const damageMark = Buffer.from([0]);
const deflate = promisify(deflateRaw);

export function frameOf(kind: FrameKind, content: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + content.length);
  magic.copy(frame);
  frame.write(kind, 2, "latin1");
  frame.writeUInt32LE(content.length, 3);
  frame.set(content, headBytes);
  frame.writeUInt32LE(checksum(frame), 7);
  return frame;
}

function checksum(frame: Buffer): number {
  return crc32(frame.subarray(headBytes), frame[2] ?? 0);
}

export interface StoredSegment {
  /** Octets of it in the file. */
  readonly sizeBytes: number;
  /** It begins then, by the wall clock. */
  readonly wallMs: number;
  /** Part of it is damaged: it ends before that. */
  readonly isCutOff: boolean;
  readonly isCompressed: boolean;
  /** Throws TrafficDamage. */
  octets(): Uint8Array;
}

/** The segments of a file. `onDamage` is told what had to be passed over; a frame that broke off at the end is no damage. */
export function segmentsOf(
  file: Buffer,
  onDamage: (at: number, what: string) => void = () => undefined,
): StoredSegment[] {
  const segments: StoredSegment[] = [];
  let parts: Buffer[] = [];
  let begunAt = 0;
  const end = (at: number, isCutOff: boolean): void => {
    if (parts.length > 0) segments.push(plainSegment(parts, at - begunAt, isCutOff));
    parts = [];
  };
  let at = 0;
  /** What goes on behind damage belongs to a segment that ended there. */
  let isLost = false;
  while (at < file.length) {
    const frame = frameAt(file, at);
    if (frame === undefined) {
      end(at, true);
      isLost = true;
      const next = nextFrame(file, at + 1);
      if (next < file.length || !isBrokenOff(file, at)) onDamage(at, "octets that are no frame");
      at = next;
      continue;
    }
    switch (frame.kind) {
      case "S":
        end(at, false);
        isLost = false;
        begunAt = at;
        parts.push(frame.content);
        break;
      case "P":
        if (!isLost) parts.push(frame.content);
        break;
      case "Z":
        end(at, false);
        isLost = false;
        segments.push(compressedSegment(frame.content, frame.end - at));
        break;
    }
    at = frame.end;
  }
  end(at, false);
  return segments;
}

function plainSegment(parts: readonly Buffer[], sizeBytes: number, isCutOff: boolean): StoredSegment {
  let wallMs = 0;
  try {
    const { baseMs, wallOffsetMs } = readSegmentHead(parts[0] ?? Buffer.alloc(0));
    wallMs = Math.max(0, baseMs + wallOffsetMs);
  } catch {
    // Whoever reads it is told.
  }
  return { sizeBytes, wallMs, isCutOff, isCompressed: false, octets: () => Buffer.concat(parts) };
}

function compressedSegment(content: Buffer, sizeBytes: number): StoredSegment {
  return {
    sizeBytes,
    wallMs: content.readUIntBE(0, beginBytes),
    isCutOff: false,
    isCompressed: true,
    octets() {
      try {
        return inflateRawSync(content.subarray(beginBytes), { maxOutputLength: mostBytes });
      } catch (cause) {
        throw new TrafficDamage("a compressed segment cannot be opened", { cause });
      }
    },
  };
}

/** How long the frame of this head is, of which `most` octets are there. */
export function frameBytes(head: Buffer, most: number): number {
  return Math.min(headBytes + head.readUInt32LE(3), most);
}

/** Of a file that begins with this frame; undefined where that is damaged. */
export function firstSegmentHead(octets: Buffer): SegmentHead | undefined {
  const frame = frameAt(octets, 0);
  if (frame === undefined || frame.kind === "P") return undefined;
  const { kind, content } = frame;
  if (kind === "S") return readSegmentHead(content);
  const beginning = content.subarray(beginBytes, beginBytes + openedBytes);
  return readSegmentHead(inflateRawSync(beginning, { finishFlush: constants.Z_SYNC_FLUSH }));
}

interface Frame {
  readonly kind: FrameKind;
  readonly content: Buffer;
  readonly end: number;
}

function frameAt(file: Buffer, at: number): Frame | undefined {
  if (at + headBytes > file.length || file[at] !== magic[0] || file[at + 1] !== magic[1]) return undefined;
  const kind = file.toString("latin1", at + 2, at + 3);
  const length = file.readUInt32LE(at + 3);
  const end = at + headBytes + length;
  if (end > file.length || (kind !== "S" && kind !== "P" && kind !== "Z")) return undefined;
  if (kind === "Z" && length < beginBytes) return undefined;
  if (file.readUInt32LE(at + 7) !== checksum(file.subarray(at, end))) return undefined;
  return { kind, content: file.subarray(at + headBytes, end), end };
}

/** Where the next frame is that is whole; the end of the file where there is none. */
function nextFrame(file: Buffer, from: number): number {
  for (let at = file.indexOf(magic, from); at !== -1; at = file.indexOf(magic, at + 1))
    if (frameAt(file, at) !== undefined) return at;
  return file.length;
}

/** The last write did not get to its end, as a kill leaves it. */
function isBrokenOff(file: Buffer, at: number): boolean {
  if (file.length - at < headBytes) return true;
  const isFrame = file[at] === magic[0] && file[at + 1] === magic[1];
  return isFrame && at + headBytes + file.readUInt32LE(at + 3) > file.length;
}

/** The whole file with its segments compressed where that makes them smaller; undefined: it is so already. */
export async function compressedFile(file: Buffer): Promise<Buffer | undefined> {
  const segments = segmentsOf(file);
  if (segments.every(({ isCompressed }) => isCompressed)) return undefined;
  const frames: Buffer[] = [];
  for (const segment of segments) {
    const plain = segment.octets();
    const begin = Buffer.allocUnsafe(beginBytes);
    begin.writeUIntBE(segment.wallMs, 0, beginBytes);
    const packed = await deflate(plain);
    const pays = packed.length + beginBytes < plain.length && !segment.isCutOff;
    frames.push(pays ? frameOf("Z", Buffer.concat([begin, packed])) : frameOf("S", plain));
    if (segment.isCutOff) frames.push(damageMark);
  }
  const compressed = Buffer.concat(frames);
  return compressed.length < file.length ? compressed : undefined;
}
