/**
 * A file of kept values: what was written together is one frame, one behind the other, a later value in place of an earlier.
 *
 *      0  "WK1"   3  length of what follows   7  crc32 of it   11  key, value, key, value, …
 *
 * A key is its length (2) and octets, a value its length (4, all bits set: it is removed) and octets. Whatever octets a file has, reading it
 * does no harm: what is no frame is passed over.
 */
import { crc32 } from "node:zlib";

const magic = Buffer.from("WK1");
const headBytes = 11;
const removed = 0xffff_ffff;

/** Where a value stands in the file. */
export interface ValuePlace {
  readonly at: number;
  readonly sizeBytes: number;
}

export interface FoundValues {
  readonly places: Map<string, ValuePlace>;
  /** Behind the last frame. */
  readonly endBytes: number;
  /** Octets before that which are no frame. */
  readonly damagedBytes: number;
}

export interface WrittenValue {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** `at`: where it will stand. `onPlace` is told of each value in it, undefined where it is removed. */
export function valuesFrame(
  values: readonly WrittenValue[],
  at: number,
  onPlace: (key: string, place: ValuePlace | undefined) => void,
): Buffer {
  const keys = values.map(({ key }) => Buffer.from(key));
  const sizeBytes = values.reduce(
    (sum, { value }, index) => sum + 6 + (keys[index]?.length ?? 0) + (value?.length ?? 0),
    headBytes,
  );
  const frame = Buffer.allocUnsafe(sizeBytes);
  magic.copy(frame);
  frame.writeUInt32LE(sizeBytes - headBytes, 3);
  let place = headBytes;
  for (const [index, { key, value }] of values.entries()) {
    const octets = keys[index] ?? Buffer.alloc(0);
    place = frame.writeUInt16LE(octets.length, place);
    place += octets.copy(frame, place);
    place = frame.writeUInt32LE(value?.length ?? removed, place);
    onPlace(key, value && { at: at + place, sizeBytes: value.length });
    if (value === undefined) continue;
    frame.set(value, place);
    place += value.length;
  }
  frame.writeUInt32LE(crc32(frame.subarray(headBytes)), 7);
  return frame;
}

/** What broke off at the end, as a kill leaves it, is no damage. */
export function valuesIn(file: Buffer): FoundValues {
  const places = new Map<string, ValuePlace>();
  let endBytes = 0;
  let damagedBytes = 0;
  for (let at = file.indexOf(magic); at !== -1;) {
    const found = frameAt(file, at);
    if (found === undefined) {
      at = file.indexOf(magic, at + 1);
      continue;
    }
    damagedBytes += at - endBytes;
    for (const [key, place] of found.values)
      if (place === undefined) places.delete(key);
      else places.set(key, place);
    endBytes = found.end;
    at = file.indexOf(magic, endBytes);
  }
  const restBytes = file.length - endBytes;
  return { places, endBytes, damagedBytes: damagedBytes + (isBrokenOff(file, endBytes) ? 0 : restBytes) };
}

function isBrokenOff(file: Buffer, at: number): boolean {
  if (file.length - at < headBytes) return true;
  return file.indexOf(magic, at) === at && at + headBytes + file.readUInt32LE(at + 3) > file.length;
}

interface Frame {
  readonly values: readonly (readonly [key: string, place: ValuePlace | undefined])[];
  readonly end: number;
}

function frameAt(file: Buffer, at: number): Frame | undefined {
  const begin = at + headBytes;
  if (begin > file.length) return undefined;
  const end = begin + file.readUInt32LE(at + 3);
  if (end > file.length || file.readUInt32LE(at + 7) !== crc32(file.subarray(begin, end))) return undefined;
  const values: [string, ValuePlace | undefined][] = [];
  for (let place = begin; place < end;) {
    if (place + 2 > end) return undefined;
    const keyEnd = place + 2 + file.readUInt16LE(place);
    if (keyEnd + 4 > end) return undefined;
    const key = file.toString("utf8", place + 2, keyEnd);
    const sizeBytes = file.readUInt32LE(keyEnd);
    place = keyEnd + 4;
    values.push([key, sizeBytes === removed ? undefined : { at: place, sizeBytes }]);
    if (sizeBytes !== removed) place += sizeBytes;
    if (place > end) return undefined;
  }
  return { values, end };
}
