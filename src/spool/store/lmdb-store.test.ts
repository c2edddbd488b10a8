import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SpoolError } from "../spool.ts";
import { openLmdbStore, type LmdbStore } from "./lmdb-store.ts";
import type { StorePlace } from "./store-place.ts";
import type { Write } from "./store.ts";

const mib = 1024 * 1024;
let folder: string;
let directory: string;
let path: string;
let store: LmdbStore;
/** Why nothing may be written, or made anew. */
let unlocked: string | undefined;
let misplaced: string | undefined;
const place: StorePlace = {
  assertLocked() {
    if (unlocked !== undefined) throw new SpoolError("failed", unlocked);
  },
  assertInPlace: () =>
    misplaced === undefined ? Promise.resolve() : Promise.reject(new SpoolError("failed", misplaced)),
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "weir-lmdb-store-"));
  directory = join(folder, "spool");
  mkdirSync(directory);
  path = join(directory, "data.mdb");
  unlocked = misplaced = undefined;
  store = await openLmdbStore(directory, place);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const put = (key: string, value = "1"): Write => ({
  table: "queue",
  key: Buffer.from(key),
  value: Buffer.from(value),
});
const remove = (key: string): Write => ({ table: "queue", key: Buffer.from(key), value: undefined });
const keys = () => [...store.tables.queue.getKeys({ start: Buffer.of(0) })].map(String);
/** LMDB takes no such key. */
const impossible = put("x".repeat(5_000));

test("what was committed, and the mark, are there when it is opened again", async () => {
  expect([store.applied, store.count("queue"), store.lastKey("queue")]).toEqual([0, 0, undefined]);
  await store.commit([put("a"), put("b", "2"), put("c")], 7);
  await store.commit([remove("c"), remove("none"), { ...put("m"), table: "messages" }], 9);
  await store.close();
  store = await openLmdbStore(directory, place);
  expect([store.applied, keys()]).toEqual([9, ["a", "b"]]);
  expect(String(store.tables.queue.getBinary(Buffer.from("b")))).toBe("2");
  expect([store.count("queue"), store.count("messages"), store.count("state")]).toEqual([2, 1, 0]);
  expect([String(store.lastKey("queue")), String(store.lastKey("messages"))]).toEqual(["b", "m"]);
  const range = { start: Buffer.from("a"), end: Buffer.from("b") };
  expect([store.countKeys("queue", range), store.countKeys("queue", { start: Buffer.from("a") })]).toEqual([
    1, 2,
  ]);
});

test("a commit that fails leaves nothing, neither writes nor mark, and those after it succeed", async () => {
  await store.commit([put("a")], 1);
  await expect(store.commit([impossible, put("b")], 2)).rejects.toMatchObject({ code: "failed" });
  expect([store.applied, keys()]).toEqual([1, ["a"]]);
  await store.commit([put("c")], 3);
  expect([store.applied, keys()]).toEqual([3, ["a", "c"]]);
});

test("after a failed commit nothing is opened where another directory may be, until that is over", async () => {
  await store.commit([put("a")], 1);
  misplaced = "another directory";
  await expect(store.commit([impossible], 2)).rejects.toMatchObject({ code: "failed" });
  await expect(store.commit([put("b")], 2)).rejects.toThrow("another directory");
  await expect(store.ensureRoom({ writes: 1, valuePages: 0, adjoiningPages: 0 }, false)).rejects.toThrow(
    "another directory",
  );
  misplaced = undefined;
  await store.commit([put("b")], 2);
  expect(keys()).toEqual(["a", "b"]);
});

test("after a failed commit a file that is gone is not made anew, and nothing is read from it", async () => {
  await store.commit([put("a")], 1);
  renameSync(path, join(folder, "moved"));
  expect(await store.fileFault()).toContain("was moved, removed or replaced");
  await expect(store.commit([impossible], 2)).rejects.toMatchObject({ code: "failed" });
  await expect(store.commit([put("b")], 2)).rejects.toThrow(`${path} was moved or removed`);
  expect(existsSync(path)).toBe(false);
  expect(keys).toThrow("cannot be read");
  expect(() => store.count("queue")).toThrow("cannot be read");
  expect(await store.fileFault()).toBeUndefined();
  renameSync(join(folder, "moved"), path);
  await store.ensureRoom({ writes: 1, valuePages: 0, adjoiningPages: 0 }, false);
  expect([keys(), await store.fileFault()]).toEqual([["a"], undefined]);
});

test("nothing is written without the lock", async () => {
  unlocked = "the lock is lost";
  await expect(store.commit([put("a")], 1)).rejects.toThrow("the lock is lost");
  unlocked = undefined;
  expect([store.applied, keys()]).toEqual([0, []]);
});

test("the file has room for a commit before it is begun, and its reserve", async () => {
  const lengthBytes = () => statSync(path).size;
  await store.commit([put("a", "x".repeat(3 * mib))], 1);
  expect(lengthBytes()).toBeGreaterThan(3 * mib);
  const before = lengthBytes();
  await store.ensureRoom({ writes: 1, valuePages: 2_000, adjoiningPages: 2_000 }, false);
  expect(lengthBytes()).toBeGreaterThan(before + 2_000 * 4096);
  const after = lengthBytes();
  await store.ensureRoom({ writes: 1, valuePages: 2_000, adjoiningPages: 2_000 }, false);
  expect(lengthBytes()).toBe(after);
});

test("a large file of an empty store is replaced by a small one with the same mark", async () => {
  await store.commit([put("a")], 4);
  truncateSync(path, 32 * mib + 1);
  expect(store.isLargeAndEmpty()).toBe(false);
  await store.commit([remove("a")], 5);
  expect(store.isLargeAndEmpty()).toBe(true);
  truncateSync(path, 32 * mib);
  expect(store.isLargeAndEmpty()).toBe(false);
  truncateSync(path, 32 * mib + 1);
  const replacing = store.replaceFile();
  expect(await store.fileFault()).toBeUndefined();
  await replacing;
  expect([store.applied, keys(), existsSync(join(directory, "data-new"))]).toEqual([5, [], false]);
  expect(statSync(path).size).toBeLessThan(mib);
  await store.commit([put("b")], 6);
  await store.close();
  store = await openLmdbStore(directory, place);
  expect([store.applied, keys()]).toEqual([6, ["b"]]);
});

test("nothing is replaced where another directory may be, and the store goes on", async () => {
  await store.commit([], 3);
  misplaced = "another directory";
  await expect(store.replaceFile()).rejects.toThrow("another directory");
  misplaced = undefined;
  await store.commit([put("a")], 4);
  expect([store.applied, keys()]).toEqual([4, ["a"]]);
});

test("what a crash left of a new file is removed at the start", async () => {
  await store.close();
  mkdirSync(join(directory, "data-new"));
  writeFileSync(join(directory, "data-new", "data.mdb"), "half");
  store = await openLmdbStore(directory, place);
  expect(existsSync(join(directory, "data-new"))).toBe(false);
});
