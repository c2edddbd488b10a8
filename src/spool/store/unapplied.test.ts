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
