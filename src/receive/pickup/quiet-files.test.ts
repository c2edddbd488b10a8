import type { Stats } from "node:fs";
import { expect, test } from "vitest";
import type { DirectoryFiles } from "./directory-files.ts";
import { createQuietFiles, isSameFile } from "./quiet-files.ts";

const statsOf = (given: Partial<Stats> = {}): Stats =>
  ({ ino: 1, dev: 2, size: 3, mtimeMs: 4, isFile: () => true, ...given }) as Stats;

function rig() {
  const there = new Map<string, Stats>();
  const looks: string[] = [];
  const quiet = createQuietFiles({
    look(name: string) {
      looks.push(name);
      return Promise.resolve(there.get(name));
    },
  } as DirectoryFiles);
  return { there, looks, quiet };
}

test("a file is quiet when it is as it was a second before, and is not looked at again then", async () => {
  const { there, looks, quiet } = rig();
  const stats = statsOf();
  there.set("x", stats);
  expect(await quiet.look("x", 0)).toBeUndefined();
  quiet.lookedThrough(10);
  expect(await quiet.look("x", 1_009)).toBeUndefined();
  expect(await quiet.look("x", 1_010)).toBe(stats);
  there.set("x", statsOf({ size: 9 }));
  expect(await quiet.look("x", 5_000)).toBe(stats);
  expect(looks).toHaveLength(3);
  quiet.forget("x");
  expect(quiet.knows("x")).toBe(false);
  expect(await quiet.look("x", 6_000)).toBeUndefined();
});

test.each<Partial<Stats>>([{ ino: 9 }, { dev: 9 }, { size: 9 }, { mtimeMs: 9 }])(
  "one that changed (%j) begins anew",
  async (change) => {
    expect([isSameFile(statsOf(), statsOf()), isSameFile(statsOf(), statsOf(change))]).toEqual([true, false]);
    const { there, quiet } = rig();
    there.set("x", statsOf());
    await quiet.look("x", 0);
    quiet.lookedThrough(0);
    there.set("x", statsOf(change));
    expect(await quiet.look("x", 2_000)).toBeUndefined();
    quiet.lookedThrough(2_000);
    expect(await quiet.look("x", 2_999)).toBeUndefined();
    expect(await quiet.look("x", 3_000)).toBeDefined();
  },
);

test("what is no file is quiet at once; what is gone is not there, and nothing is remembered of it", async () => {
  const { there, quiet } = rig();
  there.set("folder", statsOf({ isFile: () => false }));
  expect(await quiet.look("folder", 0)).toBeDefined();
  expect(await quiet.look("none", 0)).toBeUndefined();
  expect([quiet.knows("folder"), quiet.knows("none")]).toEqual([true, false]);
  there.set("x", statsOf());
  await quiet.look("x", 0);
  quiet.lookedThrough(0);
  quiet.keep(new Set(["folder"]));
  expect([quiet.knows("folder"), quiet.knows("x")]).toEqual([true, false]);
  expect(await quiet.look("x", 9_000)).toBeUndefined();
});
