/**
 * The index of a tracking file, in a file of its own beside it: a preamble (mark, length and CRC of the directory),
 * a directory in JSON, and the columns as they stand in memory, each with its CRC. It holds nothing that is not in
 * the log: what does not fit the log file, or is damaged, is left aside and built anew.
 */
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import {
  textFields,
  type IndexFacts,
  type TextColumn,
  type TextField,
  type TrackingIndex,
} from "./index-columns.ts";

/** Another layout gets another mark; files of old ones are built anew. */
const mark = Buffer.from("WEIRTRK1");
const preambleBytes = 16;
const maxDirectoryBytes = 64 * 1024;

/** Where it lies, of the octets of the file; the width of its numbers, 0 for text; its CRC-32. */
type Section = readonly [at: number, lengthBytes: number, width: number, crc: number];
interface Directory extends IndexFacts {
  readonly sections: Readonly<Record<string, Section>>;
}

/** Something in an index file is not as it was written. */
export class IndexDamage extends Error {
  override readonly name = "IndexDamage";
}

/** `<directory>/index/MSGTRK20261124-1.idx` for `<directory>/MSGTRK20261124-1.LOG`. */
export function indexPath(logPath: string): string {
  return join(dirname(logPath), "index", `${basename(logPath).replace(/\.[^.]*$/, "")}.idx`);
}

/** Puts it there whole or not at all. Returns its size; throws what the file system throws. */
export function writeIndexFile(path: string, index: TrackingIndex): number {
  const sections: Record<string, Section> = {};
  const parts: Buffer[] = [];
  let at = 0;
  const put = (
    name: string,
    numbers: Buffer | Uint8Array | Uint16Array | Uint32Array | Float64Array,
  ): void => {
    const octets = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const width = Buffer.isBuffer(numbers) ? 0 : numbers.BYTES_PER_ELEMENT;
    sections[name] = [at, octets.length, width, crc32(octets)];
    parts.push(octets);
    at += octets.length;
  };
  put("offsets", index.offsets());
  put("lengths", index.lengths());
  put("instants", index.instants());
  put("internalIds", index.internalIds());
  for (const field of textFields) {
    const { values, starts, sets, setStarts, members } = index.column(field, index.values(field));
    put(`${field}.values`, values);
    put(`${field}.starts`, starts);
    put(`${field}.sets`, sets);
    put(`${field}.setStarts`, setStarts);
    put(`${field}.members`, members);
  }
  const directory = Buffer.from(JSON.stringify({ ...index.facts, sections } satisfies Directory));
  const preamble = Buffer.alloc(preambleBytes);
  mark.copy(preamble);
  preamble.writeUInt32LE(directory.length, 8);
  preamble.writeUInt32LE(crc32(directory), 12);
  const octets = Buffer.concat([preamble, directory, ...parts]);
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.new`;
  try {
    const file = openSync(unfinished, "w", 0o640);
    try {
      for (let done = 0; done < octets.length;) done += writeSync(file, octets, done);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  return octets.length;
}

export interface OpenIndex extends TrackingIndex {
  close(): void;
}

/**
 * Undefined when there is none that fits the log file. Columns are read when asked for, which throws IndexDamage
 * where they are not as they were written.
 */
export function openIndexFile(
  path: string,
  log: { readonly sizeBytes: number; readonly changedMs: number },
): OpenIndex | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const preamble = readExactly(file, 0, preambleBytes);
    const length = preamble.readUInt32LE(8);
    if (preamble.compare(mark, 0, mark.length, 0, mark.length) !== 0 || length > maxDirectoryBytes)
      throw new IndexDamage("no directory");
    const octets = readExactly(file, preambleBytes, length);
    if (crc32(octets) !== preamble.readUInt32LE(12)) throw new IndexDamage("the directory");
    const directory = JSON.parse(octets.toString()) as Directory;
    if (directory.logSizeBytes !== log.sizeBytes || directory.logChangedMs !== log.changedMs)
      throw new IndexDamage("of another file");
    return openIndex(file, directory, preambleBytes + length);
  } catch {
    closeSync(file);
    return undefined;
  }
}

function openIndex(file: number, directory: Directory, base: number): OpenIndex {
  const read = (name: string, room: Room = ownRoom): { octets: Buffer; width: number } => {
    const section = directory.sections[name];
    if (section === undefined) throw new IndexDamage(name);
    const [at, length, width, crc] = section;
    const octets = readExactly(file, base + at, length, room);
    if (crc32(octets) !== crc) throw new IndexDamage(name);
    return { octets, width };
  };
  const uint32 = (name: string): Uint32Array => {
    const { octets } = read(name);
    return new Uint32Array(octets.buffer, 0, octets.length / 4);
  };
  const float64 = (name: string): Float64Array => {
    const { octets } = read(name);
    return new Float64Array(octets.buffer, 0, octets.length / 8);
  };
  const setsOf = (field: TextField): TextColumn["sets"] => {
    const { octets, width } = read(`${field}.sets`);
    if (width === 1) return octets;
    return width === 2 ? new Uint16Array(octets.buffer, 0, octets.length / 2) : uint32(`${field}.sets`);
  };
  return {
    facts: directory,
    offsets: () => uint32("offsets"),
    lengths: () => uint32("lengths"),
    instants: () => float64("instants"),
    internalIds: () => float64("internalIds"),
    values: (field) => read(`${field}.values`, scratchFor).octets,
    column: (field, values) => ({
      values,
      starts: uint32(`${field}.starts`),
      sets: setsOf(field),
      setStarts: uint32(`${field}.setStarts`),
      members: uint32(`${field}.members`),
    }),
    close: () => closeSync(file),
  };
}

type Room = (length: number) => Buffer;

/** So that numbers of any width may be read in place. */
const ownRoom: Room = (length) => Buffer.allocUnsafeSlow(length);

/** Lists of values are large and looked at once: new memory for each would cost more than the search. */
let scratch: Buffer = Buffer.allocUnsafeSlow(1024 * 1024);

function scratchFor(length: number): Buffer {
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length);
  return scratch.subarray(0, length);
}

function readExactly(file: number, at: number, length: number, room: Room = ownRoom): Buffer {
  const octets = room(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, octets, done, length - done, at + done);
    if (count === 0) throw new IndexDamage("it ends too early");
    done += count;
  }
  return octets;
}
