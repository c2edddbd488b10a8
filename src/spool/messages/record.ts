/**
 * How a message stands on disk. A message record never changes:
 *
 *     0  magic 0x57 "W"    1  version 1    2  two octets zero
 *     4  crc32 of all behind it            8  length of the header
 *    12  header: JSON                      …  content, unless the header names a body file
 *
 * A state record is the crc32 of what follows and the unfinished recipients as JSON. Numbers are big-endian.
 */
import { crc32 } from "node:zlib";
import type { Envelope, MessageId, Origin } from "../../core/message/envelope.ts";
import { allocateOctets } from "../../core/octets/slab.ts";
import type { PlacedRecipient } from "./recipients.ts";
import type { ContentFacts, SpooledMessage } from "../spool.ts";

const magic = 0x57;
const version = 1;
const crcAt = 4;
const headerLengthAt = 8;
const headerAt = 12;

/** Free octets in front of content that is put down where its record will be. A head that takes more is rare: it is copied then. */
export const headRoomBytes = 1024;

export interface RecordHeader {
  readonly arrivedAt: number;
  readonly envelope: Envelope;
  readonly origin: Origin;
  readonly content: ContentFacts;
  /** crc32 of the body file; absent when the content stands in the record. */
  readonly bodyCrc?: number;
}

export interface StoredMessage {
  readonly message: SpooledMessage;
  /** The content, or the checksum of the file that holds it. */
  readonly content: Buffer | { readonly bodyCrc: number };
}

/**
 * One buffer, for one put. `chunks` is the content, `contentBytes` its length. `room`: `headRoomBytes` and the same content behind
 * them, which becomes the record; nobody else writes there, and for one record only. Cost: a JSON, a crc32, without `room` a copy.
 */
export function encodeMessage(
  header: RecordHeader,
  chunks: readonly Buffer[],
  contentBytes: number,
  room?: Buffer,
): { record: Buffer; content: Buffer } {
  const json = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(json);
  const contentAt = headerAt + headerBytes;
  const inPlace = contentAt <= headRoomBytes ? room : undefined;
  const record = inPlace?.subarray(headRoomBytes - contentAt) ?? allocateOctets(contentAt + contentBytes);
  record.writeUInt32BE(magic * 0x1000000 + version * 0x10000, 0);
  record.writeUInt32BE(headerBytes, headerLengthAt);
  record.write(json, headerAt);
  let at = contentAt;
  for (const chunk of inPlace === undefined ? chunks : []) {
    chunk.copy(record, at);
    at += chunk.length;
  }
  record.writeUInt32BE(crc32(record.subarray(headerLengthAt)), crcAt);
  return { record, content: record.subarray(contentAt) };
}

/** The message, or a word on what is damaged. */
export function decodeMessage(id: MessageId, record: Buffer): StoredMessage | string {
  if (record.length < headerAt || record[0] !== magic) return "the record is not a message";
  if (record[1] !== version) return `the record has the unknown version ${record[1]}`;
  if (record.readUInt32BE(crcAt) !== crc32(record.subarray(headerLengthAt)))
    return "the record does not match its checksum";
  const contentAt = headerAt + record.readUInt32BE(headerLengthAt);
  const { bodyCrc, ...header } = JSON.parse(record.toString("utf8", headerAt, contentAt)) as RecordHeader;
  const message = { id, ...header };
  return { message, content: bodyCrc === undefined ? record.subarray(contentAt) : { bodyCrc } };
}

/** Of a record without its content, which cannot be checked; undefined: it is none. For people who look on. */
export function decodeMessageHeader(id: MessageId, head: Buffer): SpooledMessage | undefined {
  if (head.length < headerAt || head[0] !== magic || head[1] !== version) return undefined;
  try {
    const end = headerAt + head.readUInt32BE(headerLengthAt);
    const { bodyCrc: _, ...header } = JSON.parse(head.toString("utf8", headerAt, end)) as RecordHeader;
    return { id, ...header };
  } catch {
    return undefined;
  }
}

export function encodeState(recipients: readonly PlacedRecipient[]): Buffer {
  const json = Buffer.from(JSON.stringify(recipients));
  const record = Buffer.allocUnsafe(4 + json.length);
  record.writeUInt32BE(crc32(json), 0);
  json.copy(record, 4);
  return record;
}

/** The unfinished recipients, or a word on what is damaged. */
export function decodeState(record: Buffer): PlacedRecipient[] | string {
  if (record.length < 4 || record.readUInt32BE(0) !== crc32(record.subarray(4)))
    return "the state of its recipients does not match its checksum";
  return JSON.parse(record.toString("utf8", 4)) as PlacedRecipient[];
}
