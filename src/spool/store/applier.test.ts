import { expect, test } from "vitest";
import { createApplier } from "./applier.ts";
import type { Write } from "./store.ts";
import type { SpoolError } from "../spool.ts";

const put = (key: string, value = "1"): Write => ({
  table: "queue",
  key: Buffer.from(key),
  value: Buffer.from(value),
});
const remove = (key: string): Write => ({ table: "queue", key: Buffer.from(key), value: undefined });
const shown = (writes: readonly Write[]): string =>
  writes.map(({ key, value }) => `${key.toString()}${value === undefined ? "-" : "+"}`).join(" ");

/** Over an LMDB whose mark is at 5 and whose commits wait to be answered. */
function over() {
  const commits: string[] = [];
  const waiting: { mark: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  const lmdb = {
    applied: 5,
    commit: (writes: readonly Write[], mark: number): Promise<void> => {
      commits.push(`${shown(writes)} @${mark}`);
      return new Promise((resolve, reject) => waiting.push({ mark, resolve, reject }));
    },
  };
  return {
    lmdb,
    commits,
    applier: createApplier("/nowhere", lmdb, 5),
    /** Answers the commit that waits. */
    succeed: (): void => {
      const { mark, resolve } = waiting.shift() as (typeof waiting)[number];
      lmdb.applied = mark;
      resolve();
    },
    fail: (): void => waiting.shift()?.reject(new Error("EIO")),
  };
}
const turns = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));

test("nothing is written where there is nothing", async () => {
  const { applier, commits } = over();
  expect([applier.isEmpty, applier.waitingBytes, applier.fault]).toEqual([true, 0, undefined]);
  await applier.applyAll();
  expect(commits).toEqual([]);
});

test("what waits goes in one batch, and is read from above LMDB until it is there", async () => {
  const { applier, commits, succeed } = over();
  applier.add(6, [put("a")]);
  applier.add(7, [put("b"), remove("c")]);
  expect([applier.isEmpty, applier.waitingBytes]).toEqual([false, 3 * 1024 + 2]);
  const applied = applier.applyAll();
  await turns();
  expect(commits).toEqual(["a+ b+ c- @7"]);
  expect([applier.isEmpty, applier.waitingBytes]).toEqual([false, 0]);
  expect([applier.layers.newer.size, applier.layers.older?.size]).toEqual([0, 3]);
  succeed();
  await applied;
  expect([applier.isEmpty, applier.layers.older]).toEqual([true, undefined]);
  await applier.applyAll();
  expect(commits).toHaveLength(1);
});

test("a number that is passed over reaches LMDB's mark by itself", async () => {
  const { applier, commits, succeed } = over();
  applier.passOver(6);
  const applied = applier.applyAll();
  await turns();
  succeed();
  await applied;
  expect(commits).toEqual([" @6"]);
});

test("one batch at a time: what comes meanwhile waits for the next, and applyAll for both", async () => {
  const { applier, commits, succeed } = over();
  applier.add(6, [put("a")]);
  applier.applySoon();
  applier.applySoon();
  applier.add(7, [put("b")]);
  let isAll = false;
  const all = applier.applyAll().then(() => (isAll = true));
  await turns();
  expect([commits, isAll]).toEqual([["a+ @6"], false]);
  expect(applier.layers.newer.size).toBe(1);
  succeed();
  await turns();
  expect([commits, isAll]).toEqual([["a+ @6", "b+ @7"], false]);
  succeed();
  await all;
});

test("a key on its way to LMDB is removed there, although it was new", async () => {
  const { applier, commits, succeed } = over();
  applier.add(6, [{ ...put("a"), isNew: true }]);
  applier.applySoon();
  applier.add(7, [remove("a")]);
  succeed();
  await turns();
  applier.applySoon();
  await turns();
  expect(commits).toEqual(["a+ @6", "a- @7"]);
});

test("what LMDB did not take is kept, below what came later, and told until it is taken", async () => {
  const { applier, commits, succeed, fail } = over();
  applier.add(6, [put("a", "old"), put("b")]);
  const failing = applier.applyAll();
  await turns();
  applier.add(7, [put("a", "newer")]);
  fail();
  await expect(failing).rejects.toMatchObject({ name: "SpoolError", code: "failed" });
  expect(applier.fault).toMatchObject({ code: "failed" } satisfies Partial<SpoolError>);
  const { newer, older } = applier.layers;
  expect([newer.size, String(newer.tables.queue.get("a")?.value), older]).toEqual([2, "newer", undefined]);
  const again = applier.applyAll();
  await turns();
  succeed();
  await again;
  expect(commits).toEqual(["a+ b+ @6", "a+ b+ @7"]);
  expect([applier.fault, applier.isEmpty]).toEqual([undefined, true]);
});

test("a fault is over where LMDB turns out to have taken it", async () => {
  const { applier, lmdb, fail } = over();
  applier.passOver(6);
  applier.applySoon();
  fail();
  await expect.poll(() => applier.fault?.code).toBe("failed");
  lmdb.applied = 6;
  await applier.applyAll();
  expect(applier.fault).toBeUndefined();
});

test("the room needed is that of all that is here, under way or not, and what comes", async () => {
  const { applier, succeed } = over();
  const long = "x".repeat(5_000);
  applier.add(6, [put("a", long), put("b")]);
  applier.applySoon();
  applier.add(7, [put("c", long), put("d", long)]);
  expect(applier.needWith([put("e"), remove("f")])).toEqual({ writes: 6, valuePages: 8, adjoiningPages: 6 });
  succeed();
  await turns();
  expect(applier.needWith([put("e")])).toEqual({ writes: 3, valuePages: 5, adjoiningPages: 4 });
});

test("what is committed directly comes behind all that is here, or not at all", async () => {
  const { applier, commits, succeed, fail } = over();
  applier.add(6, [put("a")]);
  const direct = applier.commitDirectly([put("b")]);
  await turns();
  expect(commits).toEqual(["a+ @6"]);
  succeed();
  await turns();
  expect(commits).toEqual(["a+ @6", "b+ @6"]);
  succeed();
  await direct;

  applier.add(7, [put("c")]);
  const refused = applier.commitDirectly([put("d")]);
  await turns();
  fail();
  await expect(refused).rejects.toMatchObject({ code: "failed" });
  expect(commits).toEqual(["a+ @6", "b+ @6", "c+ @7"]);
});
