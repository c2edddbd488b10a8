import { expect, test } from "vitest";
import { suspendedDueAt } from "../../spool/spool.ts";
import { decodeEntry, encodeEntry } from "./entry-state.ts";

const one = { index: 3, attempts: 2, lastError: "450 ä\0", delayReported: true, queue: "q", dueAt: 12.5 };
const two = { index: 1, attempts: 0, delayReported: false, queue: "q", dueAt: suspendedDueAt };

test("recipients come back as they were, and in the order of the envelope where some were put behind others", () => {
  expect(decodeEntry(encodeEntry([one]), "q")).toEqual([one]);
  expect(decodeEntry(Buffer.concat([encodeEntry([one]), encodeEntry([two])]), "q")).toEqual([two, one]);
  expect(decodeEntry(Buffer.alloc(0), "q")).toEqual([]);
});

test("a flipped bit or a missing end is damage", () => {
  const state = encodeEntry([one, two]);
  for (let at = 0; at < state.length; at++) {
    const torn = Buffer.from(state);
    torn[at] = (torn[at] ?? 0) ^ 1;
    expect(decodeEntry(torn, "q"), String(at)).toBeTypeOf("string");
    if (at > 0) expect(decodeEntry(state.subarray(0, at), "q")).toBeTypeOf("string");
  }
});
