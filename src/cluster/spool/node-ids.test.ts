import { expect, test } from "vitest";
import { drawnAt } from "../../spool/messages/message-ids.ts";
import { idAt, nodeIds } from "./node-ids.ts";

const now = Date.UTC(2026, 0, 1);

test("ids of nodes differ, rise, and tell when they were drawn, as long as 64 in a millisecond are enough", () => {
  const all = [0, 1, 63].flatMap((slot) => {
    const ids = nodeIds(slot, 0);
    return Array.from({ length: 64 }, () => ids.draw(now));
  });
  expect(new Set(all).size).toBe(3 * 64);
  expect(all.map(drawnAt)).toEqual(all.map(() => now));
  expect(all.every(Number.isSafeInteger)).toBe(true);
});

test("a counter that is used up goes on in the next millisecond, and not back when the clock does", () => {
  const ids = nodeIds(5, 0);
  const drawn = Array.from({ length: 200 }, (_, n) => ids.draw(now - n));
  expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
  expect(new Set(drawn).size).toBe(200);
  expect(drawnAt(drawn[199] ?? 0)).toBe(now + 3);
});

test("whoever has a slot next draws above what was drawn or may have been", () => {
  const former = nodeIds(5, 0);
  for (let n = 0; n < 100; n++) former.draw(now);
  expect(nodeIds(5, former.last).draw(now)).toBe(former.last + 1);
  const reserved = idAt(now + 20_000);
  for (const slot of [0, 5]) expect(nodeIds(slot, reserved).draw(now)).toBeGreaterThan(reserved);
  expect(nodeIds(5, reserved).draw(now + 30_000)).toBe(idAt(now + 30_000) + 5 * 64);
});
