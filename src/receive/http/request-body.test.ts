import { expect, test } from "vitest";
import { createGate } from "./gate.ts";
import { createBodyMemory } from "./request-body.ts";

test("memory: small bodies find room always, one large one at a time, whatever its size, and others as far as it goes", () => {
  const kb = 1024;
  const memory = createBodyMemory(1_000 * kb);
  // Alone it may be larger than all of it.
  expect(memory.take(2_000 * kb, 2_000 * kb)).toBe(true);
  expect(memory.take(1_000 * kb, 3_000 * kb)).toBe(true);
  expect(memory.take(64 * kb, 64 * kb)).toBe(true);
  expect(memory.take(64 * kb + 1, 64 * kb + 1)).toBe(false);
  // Nor does the first grow, now that it is not alone.
  expect(memory.take(1, 3_000 * kb + 1)).toBe(false);
  memory.giveBack(3_000 * kb);
  expect(memory.take(936 * kb, 936 * kb)).toBe(true);
  expect(memory.take(1, 936 * kb + 1)).toBe(false);
  memory.giveBack(1);
  expect(memory.take(1, 936 * kb + 1)).toBe(true);
});

test("a gate lets so many through at a time, the others in their order, whatever becomes of those before", async () => {
  const gate = createGate(2);
  const ends: ((fails: boolean) => void)[] = [];
  const begun: number[] = [];
  const all = [0, 1, 2, 3, 4].map((n) =>
    gate
      .pass(() => {
        begun.push(n);
        return new Promise<number>((resolve, reject) =>
          ends.push((fails) => (fails ? reject(new Error("x")) : resolve(n))),
        );
      })
      .catch(() => -1),
  );
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  expect(begun).toEqual([0, 1]);
  ends[1]?.(true);
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.(false);
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const n of [2, 3]) ends[n]?.(false);
  await settled();
  ends[4]?.(false);
  expect(await Promise.all(all)).toEqual([0, -1, 2, 3, 4]);
  expect(await gate.pass(() => Promise.resolve("free again"))).toBe("free again");
});
