import { expect, test } from "vitest";
import { createHeldOctets } from "./held-octets.ts";

test("pieces stand together in their order, and the first one is not written into", () => {
  const held = createHeldOctets();
  expect(held.octets).toHaveLength(0);
  const pieces = ["ab", "", "c", "defghij", "k"].map((text) => Buffer.from(text));
  for (const piece of pieces) held.add(piece);
  expect(held.octets.toString()).toBe("abcdefghijk");
  expect(pieces.map(String)).toEqual(["ab", "", "c", "defghij", "k"]);
});

test("many small pieces cost what they are, not its square", () => {
  const cost = (pieces: number): number => {
    const held = createHeldOctets();
    const piece = Buffer.from("x");
    const before = process.cpuUsage();
    for (let n = 0; n < pieces; n++) held.add(piece);
    expect(held.octets).toHaveLength(pieces);
    return process.cpuUsage(before).user / 1000;
  };
  cost(10_000);
  // Copied each time it would be some 60 GB.
  expect(cost(350_000)).toBeLessThan(2_000);
});
