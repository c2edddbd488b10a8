import { expect, test } from "vitest";
import { createHashTurns, mostAtOnce, mostOfASource } from "./hash-turns.ts";

/** Checks that end when told to; what was begun, in order. */
function turnsOf() {
  const turns = createHashTurns();
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const refusals: string[] = [];
  const ask = (source: string, name = source): void => {
    turns
      .run(source, () => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.push(resolve));
      })
      .catch((fault: Error) => refusals.push(`${name}: ${fault.message}`));
  };
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, begun, refusals, ask, end };
}

test("a few run at once, and sources take turns", async () => {
  const t = turnsOf();
  for (let i = 0; i < 10; i++) t.ask("flood");
  t.ask("erp");
  t.ask("shop");
  expect(t.begun).toEqual(Array.from({ length: mostAtOnce }, () => "flood"));
  await t.end();
  await t.end();
  await t.end();
  expect(t.begun.slice(mostAtOnce)).toEqual(["flood", "erp", "shop"]);
});

test("who has proved itself waits for every second turn, however many strangers there are", async () => {
  const t = turnsOf();
  t.turns.proved("erp");
  for (let i = 0; i < 200; i++) t.ask(`stranger ${i}`);
  t.ask("erp", "erp 1");
  t.ask("erp", "erp 2");
  for (let i = 0; i < 4; i++) await t.end();
  expect(t.begun.filter((name) => name.startsWith("erp"))).toEqual(["erp 1", "erp 2"]);
});

test("a source has so many in line, and its next is told to come again; all have, too", async () => {
  const t = turnsOf();
  for (let i = 0; i < mostAtOnce + mostOfASource + 3; i++) t.ask("flood");
  await t.end();
  expect(t.refusals).toHaveLength(3);
  for (let i = 0; i < 3_000; i++) t.ask(`stranger ${i}`);
  expect(t.turns.waiting).toBe(2_000);
  t.turns.proved("erp");
  t.ask("erp");
  expect(t.turns.waiting).toBe(2_001);
});

test("a check that fails gives its turn on", async () => {
  const turns = createHashTurns();
  await expect(turns.run("a", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  await expect(turns.run("a", () => Promise.resolve(5))).resolves.toBe(5);
});
