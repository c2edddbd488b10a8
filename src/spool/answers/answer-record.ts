/**
 * How an answer stands on disk, under the hash of its key:
 *
 *      0  crc32 of all behind it     4  version 1, three octets zero
 *      8  message id                16  given at       24  kept until
 *     32  fingerprint, 32 octets    64  the answer, UTF-8
 *
 * Numbers are big-endian doubles. A second table has `kept until` and the hash as its keys, so that what is to be
 * forgotten stands together.
 */
import { crc32 } from "node:zlib";
import { maxAnswerBytes, maxAnswerWindowMs, type KeptAnswer } from "../spool-answers.ts";

export interface StoredAnswer extends KeptAnswer {
  readonly keptUntil: number;
}

export const hashBytes = 32;
const version = 1;
const versionAt = 4;
const idAt = 8;
const givenAt = 16;
const keptUntilAt = 24;
const fingerprintAt = 32;
const answerAt = fingerprintAt + hashBytes;

/** Throws a RangeError for what cannot be kept: a bug of whoever answers. */
export function encodeAnswer(stored: StoredAnswer): Buffer {
  const { fingerprint, answer } = stored;
  const answerBytes = Buffer.byteLength(answer);
  if (fingerprint.length !== hashBytes) throw new RangeError("a fingerprint has 32 octets");
  if (answerBytes > maxAnswerBytes) throw new RangeError(`an answer has up to ${maxAnswerBytes} octets`);
  if (!(stored.keptUntil - stored.givenAt <= maxAnswerWindowMs))
    throw new RangeError("an answer is kept for seven days at most");
  const record = Buffer.alloc(answerAt + answerBytes);
  record[versionAt] = version;
  record.writeDoubleBE(stored.id, idAt);
  record.writeDoubleBE(stored.givenAt, givenAt);
  record.writeDoubleBE(stored.keptUntil, keptUntilAt);
  fingerprint.copy(record, fingerprintAt);
  record.write(answer, answerAt);
  record.writeUInt32BE(crc32(record.subarray(versionAt)), 0);
  return record;
}

/** Undefined: it is damaged, or of a later version. Then nobody is held to it. */
export function decodeAnswer(record: Buffer): StoredAnswer | undefined {
  if (record.length < answerAt || record[versionAt] !== version) return undefined;
  if (record.readUInt32BE(0) !== crc32(record.subarray(versionAt))) return undefined;
  return {
    id: record.readDoubleBE(idAt),
    givenAt: record.readDoubleBE(givenAt),
    keptUntil: record.readDoubleBE(keptUntilAt),
    fingerprint: Buffer.from(record.subarray(fingerprintAt, answerAt)),
    answer: record.toString("utf8", answerAt),
  };
}

/** When an answer is to be forgotten, and which. */
export function endKey(keptUntil: number, hash: Buffer): Buffer {
  const key = Buffer.allocUnsafe(8 + hashBytes);
  key.writeDoubleBE(keptUntil, 0);
  hash.copy(key, 8);
  return key;
}

export function hashOfEnd(key: Buffer): Buffer {
  return key.subarray(8);
}

/** The first key of those that end at an instant or after it. */
export function firstEnd(keptUntil: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeDoubleBE(keptUntil, 0);
  return key;
}
