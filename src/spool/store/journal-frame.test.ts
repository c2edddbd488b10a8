import { expect, test } from "vitest";
import {
  journalBlockBytes,
  decodeFrame,
  encodeFrame,
  frameBytes,
  nonceBytes,
  wholeBlocks,
} from "./journal-frame.ts";
import type { Write } from "./store.ts";

const nonce = Buffer.alloc(nonceBytes, 0x11);

function encoded(sequence: number, writes: readonly Write[], of: Buffer = nonce): Buffer {
  const octets = Buffer.alloc(wholeBlocks(frameBytes(writes)), 0xff);
  encodeFrame(octets, of, sequence, writes);
  return octets;
}

const put = (key: string, value: string): Write => ({
  table: "messages",
  key: Buffer.from(key),
  value: Buffer.from(value),
});

test.each<[string, number, Write[]]>([
  ["no writes", 1, []],
  ["a put", 2, [put("key", "value")]],
  ["an empty value", 3, [{ table: "queue", key: Buffer.from("k"), value: Buffer.alloc(0) }]],
  ["a removal", 2 ** 48 - 1, [{ table: "state", key: Buffer.from("k"), value: undefined }]],
  ["several blocks", 5, [put("a", "x".repeat(journalBlockBytes)), put("b", "y"), put("c", "z".repeat(9000))]],
  ["exactly one block", 6, [put("a", "x".repeat(journalBlockBytes - frameBytes([put("a", "")])))]],
])("%s comes back", (_, sequence, writes) => {
  const octets = encoded(sequence, writes);
  expect(octets.length % journalBlockBytes).toBe(0);
  const decoded = decodeFrame(Buffer.concat([octets, Buffer.alloc(100, 7)]), nonce);
  expect(decoded).toEqual({ frame: { sequence, writes }, bytes: octets.length });
});

test("any bit that differs, and any cut, unmakes it", () => {
  const writes = [put("key", "value")];
  const octets = encoded(7, writes);
  for (let at = 0; at < frameBytes(writes); at++) {
    const flipped = Buffer.from(octets);
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
    expect(decodeFrame(flipped, nonce), `octet ${at}`).toBeUndefined();
    expect(decodeFrame(octets.subarray(0, at), nonce), `cut at ${at}`).toBeUndefined();
  }
});

test("a frame of another use of the segment is none", () => {
  expect(decodeFrame(encoded(1, [put("a", "b")], Buffer.alloc(nonceBytes, 0x22)), nonce)).toBeUndefined();
});
