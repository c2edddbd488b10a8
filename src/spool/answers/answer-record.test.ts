import { expect, test } from "vitest";
import { maxAnswerBytes, maxAnswerWindowMs } from "../spool-answers.ts";
import {
  decodeAnswer,
  encodeAnswer,
  endKey,
  firstEnd,
  hashOfEnd,
  type StoredAnswer,
} from "./answer-record.ts";

const stored: StoredAnswer = {
  id: 775736524800001,
  fingerprint: Buffer.alloc(32, 7),
  answer: "ä answer",
  givenAt: 1_767_225_600_000.25,
  keptUntil: 1_767_229_200_000.25,
};

test.each<[string, Partial<StoredAnswer>]>([
  ["with an answer", {}],
  ["without one", { answer: "" }],
  [
    "as long as can be",
    { answer: "x".repeat(maxAnswerBytes), keptUntil: stored.givenAt + maxAnswerWindowMs },
  ],
])("what is written is read: %s", (_, given) => {
  expect(decodeAnswer(encodeAnswer({ ...stored, ...given }))).toEqual({ ...stored, ...given });
});

test.each<[string, Partial<StoredAnswer>]>([
  ["a fingerprint that is no SHA-256", { fingerprint: Buffer.alloc(31) }],
  ["an answer too long", { answer: "ä".repeat(maxAnswerBytes / 2 + 1) }],
  ["a window too long", { keptUntil: stored.givenAt + maxAnswerWindowMs + 1 }],
  ["no window", { keptUntil: Number.NaN }],
])("%s is not written", (_, given) => {
  expect(() => encodeAnswer({ ...stored, ...given })).toThrow(RangeError);
});

test("a record that is damaged anywhere, cut off, or of another version is none", () => {
  const record = encodeAnswer(stored);
  for (let at = 0; at < record.length; at++) {
    const damaged = Buffer.from(record);
    damaged[at] = (damaged[at] as number) ^ 1;
    expect(decodeAnswer(damaged), `octet ${at}`).toBeUndefined();
    expect(decodeAnswer(record.subarray(0, at)), `cut at ${at}`).toBeUndefined();
  }
});

test("ends sort by time, then stand under their hash", () => {
  const hash = Buffer.alloc(32, 9);
  const keys = [1, 2.5, 3_000_000_000_000].map((at) => endKey(at, hash));
  expect(keys.toSorted((a, b) => Buffer.compare(a, b))).toEqual(keys);
  expect(hashOfEnd(keys[1] as Buffer)).toEqual(hash);
  expect(Buffer.compare(firstEnd(2.5), keys[1] as Buffer)).toBe(-1);
  expect(Buffer.compare(firstEnd(2.6), keys[1] as Buffer)).toBe(1);
});
