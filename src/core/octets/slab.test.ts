import { expect, test } from "vitest";
import { allocateOctets, copyOctets } from "./slab.ts";

test("small pieces share a buffer and no octet of it; what is kept and what is brief share none", () => {
  const kept = Array.from({ length: 100 }, () => allocateOctets(1_001));
  const brief = Array.from({ length: 100 }, (_, n) => copyOctets(Buffer.alloc(1_001, n), 1));
  expect(brief.map((copy) => copy[999])).toEqual(brief.map((_, n) => n));
  const buffers = (pieces: readonly Buffer[]): Set<ArrayBufferLike> =>
    new Set(pieces.map(({ buffer }) => buffer));
  expect(buffers(kept).size).toBeLessThan(5);
  expect(buffers(brief).size).toBeLessThan(5);
  expect([...buffers(brief)].filter((one) => buffers(kept).has(one))).toEqual([]);
  const places = kept.map(({ buffer, byteOffset }) => ({ buffer, byteOffset }));
  for (const [at, { buffer, byteOffset }] of places.entries())
    expect(
      places.some(
        (other, n) => n !== at && other.buffer === buffer && Math.abs(other.byteOffset - byteOffset) < 1_001,
      ),
    ).toBe(false);
});

test("large ones stand alone", () => {
  expect(allocateOctets(10_000).buffer.byteLength).toBe(10_000);
});
