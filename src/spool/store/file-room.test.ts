/** The data file's length, with somebody else who lengthens it, as LMDB does. */
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import {
  ensureRoom,
  isEnoughOnFullDisk,
  needBytes,
  requireRoom,
  type FileUse,
  type NeedBytes,
} from "./file-room.ts";
import { openGrowingFile, type GrowingFile } from "./growing-file.ts";

const kib = 1024;
const mib = 1024 * kib;
const pageBytes = 4096;
const directory = mkdtempSync(join(tmpdir(), "weir-file-room-"));
const path = join(directory, "data");
afterAll(() => rmSync(directory, { recursive: true }));

const useOf = (pages: number): FileUse => ({ pageBytes, pages, freePages: 0, branchPages: 1 });
const need = (bytes: number, adjoining = bytes): NeedBytes => ({ all: bytes, adjoining });
const live = (pages: number) => Buffer.alloc(pages * pageBytes, "live page ");
const expectLive = (pages: number) =>
  expect(
    readFileSync(path)
      .subarray(0, pages * pageBytes)
      .equals(live(pages)),
  ).toBe(true);

/** LMDB writes its pages, at the end and beyond it, and tells nobody. */
function commitPages(pages: number) {
  const fd = openSync(path, "r+");
  writeSync(fd, live(pages), 0, pages * pageBytes, 0);
}

let file: GrowingFile;
beforeEach(() => {
  writeFileSync(path, live(10));
  file = openGrowingFile(path);
});
afterEach(() => file.close());

test("the file becomes longer at its end only, also when that has moved since", async () => {
  await ensureRoom(file, need(mib), useOf(10), false);
  const lengthBytes = statSync(path).size;
  expect(lengthBytes).toBeGreaterThanOrEqual(10 * pageBytes + 3 * mib);
  const pages = Math.ceil(lengthBytes / pageBytes) + 100;
  commitPages(pages);
  await ensureRoom(file, need(mib), useOf(pages), false);
  expectLive(pages);
  expect(statSync(path).size).toBeGreaterThanOrEqual(pages * pageBytes + 3 * mib);
});

test("what is added while another lengthens the file stands behind what he wrote", async () => {
  const adding = file.lengthen(8 * mib);
  for (let pages = 11; pages < 400; pages += 13) {
    commitPages(pages);
    await new Promise(setImmediate);
    expectLive(pages);
  }
  await adding;
});

test("a disk without room leaves the file as it is, however long it was when it was last looked at", async () => {
  await ensureRoom(file, need(0), useOf(10), false);
  const pages = Math.ceil(statSync(path).size / pageBytes) + 50;
  commitPages(pages);
  const whole = { code: "ENOSPC" };
  await expect(ensureRoom(file, need(2 ** 50), useOf(pages), false)).rejects.toMatchObject(whole);
  await expect(requireRoom(file, need(2 ** 50), useOf(pages))).rejects.toMatchObject(whole);
  expectLive(pages);
  expect(statSync(path).size).toBe(pages * pageBytes);
});

test("the last page may be written in part", async () => {
  writeFileSync(path, live(10).subarray(0, 10 * pageBytes - 3000));
  await ensureRoom(file, need(0), useOf(10), false);
  expect(
    readFileSync(path)
      .subarray(0, 9 * pageBytes)
      .equals(live(9)),
  ).toBe(true);
  expect(statSync(path).size).toBeGreaterThanOrEqual(10 * pageBytes + 2 * mib);
});

test.each([
  [{ writes: 0, valuePages: 0, adjoiningPages: 0 }, 10, 64, 0],
  [{ writes: 16, valuePages: 5, adjoiningPages: 3 }, 10, 64 + 5 + 32 + 10 + 2, 3],
  [{ writes: 2, valuePages: 5, adjoiningPages: 3 }, 10, 64 + 5 + 4 + 6, 3],
])("what a commit of %j takes", (commit, branchPages, all, adjoining) => {
  expect(needBytes(commit, { pageBytes, branchPages })).toEqual({
    all: all * pageBytes,
    adjoining: adjoining * pageBytes,
  });
});

test.each<[string, NeedBytes, { tailBytes: number; unusedBytes: number }, mail: boolean, changes: boolean]>([
  ["an ample tail", need(mib), { tailBytes: 3 * mib, unusedBytes: 0 }, true, true],
  ["the reserve", need(mib), { tailBytes: mib, unusedBytes: 0 }, false, true],
  ["less than the need", need(mib), { tailBytes: mib - 1, unusedBytes: 0 }, false, false],
  ["free pages that may lie apart", need(mib), { tailBytes: mib / 2, unusedBytes: 90 * mib }, false, false],
  ["free pages for single ones", need(mib, 0), { tailBytes: mib / 2, unusedBytes: 90 * mib }, false, true],
  [
    "a drained file, and half the reserve",
    need(mib),
    { tailBytes: 2 * mib, unusedBytes: 90 * mib },
    true,
    true,
  ],
  ["hardly a tail", need(mib, 0), { tailBytes: 8 * kib, unusedBytes: 90 * mib }, false, false],
])("a full disk with %s", (_, needed, room, mail, changes) => {
  expect(isEnoughOnFullDisk(needed, room, false)).toBe(mail);
  expect(isEnoughOnFullDisk(needed, room, true)).toBe(changes);
});

const step = mib / 4;
test.each([
  ["a short file grows by megabytes", mib, Infinity, 1, 3 * mib],
  ["what is missing, to the octet", mib, Infinity, mib, 3 * mib],
  ["one octet more", mib, Infinity, mib + 1, 4 * mib],
  ["a longer one by an eighth of itself", 16 * mib, Infinity, 1, 4 * mib],
  ["by 16 MB at most", 1024 * mib, Infinity, 1, 16 * mib],
  ["a disk that has no more than four steps beyond it", mib, 2 * mib + 1 + 4 * mib, 1, 2 * mib + step],
  ["a disk that has an octet more", mib, 2 * mib + 2 + 4 * mib, 1, 3 * mib],
])("%s", async (_, lengthBytes, freeBytes, needed, added) => {
  const lengths: number[] = [];
  const played: GrowingFile = {
    ...file,
    lengthBytes,
    freeBytes: () => Promise.resolve(freeBytes),
    lengthen: (byBytes) => Promise.resolve(void lengths.push(byBytes)),
  };
  await ensureRoom(played, need(needed), useOf(lengthBytes / pageBytes), true);
  expect(lengths).toEqual([added]);
});

test("the system is asked for the length when the tail that is known of is not ample", async () => {
  let asked = 0;
  const played: GrowingFile = {
    ...file,
    atLeastBytes: 4 * mib,
    get lengthBytes() {
      asked++;
      return 8 * mib;
    },
    lengthen: () => Promise.reject(new Error("there was enough")),
  };
  const use = useOf(mib / pageBytes);
  for (const make of [ensureRoom, requireRoom] as const) {
    asked = 0;
    await make(played, need(mib), use, false);
    expect(asked).toBe(0);
    await make(played, need(mib + 1), use, false);
    expect(asked).toBe(1);
  }
});
