import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Write } from "./store.ts";
import { needOf, unapplied } from "./unapplied.ts";

const write = (key: string, value?: string, isNew = false): Write => ({
  table: "queue",
  key: Buffer.from(key),
  value: value === undefined ? undefined : Buffer.from(value),
  isNew,
});
const shown = (writes: readonly Write[]) =>
  writes.map(({ key, value }) => `${key.toString()}${value === undefined ? "-" : `=${value.toString()}`}`);

test.each<[string, Write[], string[]]>([
  ["the newest of each key, sorted", [write("b", "1"), write("a", "1"), write("b", "2")], ["a=1", "b=2"]],
  ["a new key removed leaves nothing", [write("a", "1", true), write("a")], []],
  ["also when it changed in between", [write("a", "1", true), write("a", "2"), write("a")], []],
  ["a key that may be below leaves its removal", [write("a", "1"), write("a")], ["a-"]],
  ["also when it is put again as new", [write("a"), write("a", "1", true), write("a")], ["a-"]],
  [
    "a removal of what is not there stays",
    [write("a", undefined, true), write("a", "1", true), write("a")],
    ["a-"],
  ],
])("%s", (_, writes, left) => {
  const layer = unapplied();
  layer.add(writes, undefined);
  expect(shown(layer.writes())).toEqual(left);
  expect(layer.size).toBe(left.length);
  if (left.length === 0) expect([layer.bytes, layer.need]).toEqual([0, needOf([])]);
});

test("a key on its way to LMDB is not new", () => {
  const older = unapplied();
  older.add([write("a", "1", true), write("b")], undefined);
  const newer = unapplied();
  newer.add([write("a"), write("b", "2", true), write("b")], older);
  expect(shown(newer.writes())).toEqual(["a-", "b-"]);
});

test("what LMDB takes: whole pages for values, those of several side by side", () => {
  const sized = (bytes: number): Write => write("a", "x".repeat(bytes));
  expect([0, 1, 4_080, 4_081, 8_176, 8_177].map((bytes) => needOf([sized(bytes)]))).toEqual([
    { writes: 1, valuePages: 0, adjoiningPages: 0 },
    { writes: 1, valuePages: 1, adjoiningPages: 0 },
    { writes: 1, valuePages: 1, adjoiningPages: 0 },
    { writes: 1, valuePages: 2, adjoiningPages: 2 },
    { writes: 1, valuePages: 2, adjoiningPages: 2 },
    { writes: 1, valuePages: 3, adjoiningPages: 3 },
  ]);
  expect(needOf([sized(1), write("b"), sized(5_000)])).toEqual({
    writes: 3,
    valuePages: 3,
    adjoiningPages: 2,
  });
});

test("its account is that of the writes it holds, whatever came", () => {
  const key = fc.constantFrom("a", "b", "c", "d");
  const value = fc.option(fc.constantFrom("", "x", "y".repeat(5_000)), { nil: undefined });
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value, fc.boolean()), { maxLength: 20 }), (rows) => {
      const layer = unapplied();
      for (const row of rows) layer.add([write(...row)], undefined);
      const writes = layer.writes();
      expect(layer.need).toEqual(needOf(writes));
      expect(layer.bytes).toBe(
        writes.reduce((sum, { value: octets }) => sum + 1_024 + (octets?.length ?? 0), 0),
      );
      const { queue, messages } = layer.tables;
      expect([queue.size, messages.size, layer.size]).toEqual([writes.length, 0, writes.length]);
      expect(queue.sorted).toEqual(writes.map((each) => each.key.toString()));
      for (const [at, each] of writes.entries()) {
        expect(queue.get(each.key.toString())?.value).toEqual(each.value);
        expect(queue.position(each.key.toString())).toBe(at);
      }
      expect([queue.position(""), queue.position("zz")]).toEqual([0, writes.length]);
    }),
  );
});
