/** The store against a plain map: reads at every step, and what is left after crashes and damage. */
import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { journalBlockBytes, frameBytes, wholeBlocks } from "./journal-frame.ts";
import { openJournaledStore, type Store } from "./journaled-store.ts";
import type { StoreOptions } from "./store-options.ts";
import { SpoolError } from "../spool.ts";
import { forTables, tableNames, type TableName, type Write } from "./store.ts";

const disk = vi.hoisted(() => ({
  fails: false,
  isFull: false,
  /** Is given what tells that a write is done. */
  hold: undefined as ((tell: () => void) => void) | undefined,
}));
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  type Arguments = [fd: number, buffer: Buffer, offset: number, length: number, position: number];
  type Done = (error: Error | null, written: number) => void;
  return {
    ...fs,
    /** A failing disk may or may not have taken what it was given: here it has. */
    write: (...[fd, buffer, offset, length, position, done]: [...Arguments, Done]) =>
      fs.write(fd, buffer, offset, length, position, (error, written) => {
        const fault = disk.fails ? new Error("EIO: i/o error, write") : error;
        const tell = (): void => done(fault, written);
        if (disk.hold === undefined) tell();
        else disk.hold(tell);
      }),
  };
});

vi.mock("./file-room.ts", async (importOriginal) => {
  const room = await importOriginal<typeof import("./file-room.ts")>();
  const unlessFull =
    <A extends unknown[]>(run: (...taken: A) => Promise<void>) =>
    async (...taken: A) => {
      if (disk.isFull) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      await run(...taken);
    };
  return { ...room, ensureRoom: unlessFull(room.ensureRoom), requireRoom: unlessFull(room.requireRoom) };
});

const kib = 1024;
let clock: ReturnType<typeof createFakeClock>;
let directory: string;
let store: Store;
let faults: SpoolError[];
let model: Record<TableName, Map<string, string>>;

const open = async (journal: StoreOptions["journal"], at = directory): Promise<Store> =>
  openJournaledStore(at, {
    clock,
    onFault: (fault) => faults.push(fault),
    onJournalFault: ({ what }) => faults.push(new SpoolError("failed", what)),
    ...(journal === undefined ? {} : { journal }),
  });
const sized = (bytes: number) => ({ segmentBytes: { least: bytes, most: bytes } });

beforeEach(async () => {
  clock = createFakeClock();
  directory = await mkdtemp(join(tmpdir(), "weir-store-"));
  faults = [];
  disk.fails = disk.isFull = false;
  disk.hold = undefined;
  model = forTables(() => new Map<string, string>());
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A commit of a few random writes on few keys, as the spool makes them: `isNew` only where it is true. */
function randomWrites(random: (below: number) => number): Write[] {
  const writes: Write[] = [];
  for (let left = 1 + random(6); left > 0; left--) {
    const table = tableNames[random(tableNames.length)] as TableName;
    const key = `key ${random(40)}`;
    const value = random(2) === 0 ? undefined : `${random(1e6)} `.repeat(1 + random(300));
    const isNew = value !== undefined && !model[table].has(key) && random(4) > 0;
    writes.push({
      table,
      key: Buffer.from(key),
      value: value === undefined ? undefined : Buffer.from(value),
      isNew,
    });
    if (value === undefined) model[table].delete(key);
    else model[table].set(key, value);
  }
  return writes;
}

function contents(of: Store): Record<TableName, [string, string][]> {
  const all = (table: TableName): [string, string][] =>
    [...of.tables[table].getKeys({ start: Buffer.of(0) })].map((key) => [
      key.toString(),
      of.tables[table].getBinary(key)?.toString() ?? "missing",
    ]);
  return forTables(all);
}

function expected(): Record<TableName, [string, string][]> {
  const all = (table: TableName) => [...model[table]].sort(([a], [b]) => (a < b ? -1 : 1));
  return forTables(all);
}

const put = (key: string, value: string): Write => ({
  table: "messages",
  key: Buffer.from(key),
  value: Buffer.from(value),
});
const keysOf = (of: Store) => contents(of).messages.map(([key]) => key);

test.each<[string, StoreOptions["journal"]]>([
  ["segments that are filled again and again", sized(48 * kib)],
  ["segments in which little has room", sized(16 * kib)],
  ["no journal", false],
])("reads see what was committed: %s", async (_, journal) => {
  store = await open(journal);
  const random = seeded(4711);
  for (let step = 0; step < 400; step++) {
    await store.commit(randomWrites(random), false);
    const start = Buffer.from(`key ${random(40)}`);
    const limit = 1 + random(8);
    const known = expected()
      .queue.map(([key]) => key)
      .filter((key) => key >= start.toString());
    const end = random(2) === 0 ? undefined : Buffer.from("key 3");
    const range = { start, limit, ...(end === undefined ? {} : { end }) };
    expect([...store.tables.queue.getKeys(range)].map(String), `step ${step}`).toEqual(
      known.filter((key) => end === undefined || key < end.toString()).slice(0, limit),
    );
    if (step % 20 === 0) expect(contents(store), `step ${step}`).toEqual(expected());
    if (step % 100 === 99) {
      await store.close();
      store = await open(journal);
      expect(contents(store), `reopened after ${step}`).toEqual(expected());
      expect(store.count("queue")).toBe(model.queue.size);
    }
  }
  expect(faults).toEqual([]);
});

/** The directory as a crash at this moment leaves it; while nothing is applied, a copy is that. */
async function crashed(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "weir-store-crash-"));
  cpSync(directory, copy, { recursive: true });
  return copy;
}

async function expectAfterCrash(copy: string, check: (of: Store) => void) {
  const found = await open(sized(1024 * kib), copy);
  try {
    check(found);
  } finally {
    await found.close();
    await rm(copy, { recursive: true });
  }
}

test("what the journal holds is found after a crash, and after a crash of that", async () => {
  store = await open(sized(1024 * kib));
  const random = seeded(17);
  for (let step = 0; step < 60; step++) await store.commit(randomWrites(random), false);
  const copy = await crashed();
  await expectAfterCrash(await crashed(), (found) => expect(contents(found)).toEqual(expected()));
  const second = await open(sized(1024 * kib), copy);
  await second.commit([put("later", "1")], false);
  await second.close();
  await expectAfterCrash(copy, (found) => expect(keysOf(found)).toContain("later"));
  expect(faults).toEqual([]);
});

const segment = (at: string) => join(at, "journal", "0");
const firstFrameAt = journalBlockBytes;

test("a commit cut off by a power cut is none; those before it are whole", async () => {
  store = await open(sized(1024 * kib));
  await store.commit([put("a", "1")], false);
  const last = [put("b", "x".repeat(3 * journalBlockBytes)), put("c", "2")];
  await store.commit(last, false);
  const begin = firstFrameAt + journalBlockBytes;
  for (let block = 0; block < wholeBlocks(frameBytes(last)) / journalBlockBytes; block++) {
    const copy = await crashed();
    const octets = readFileSync(segment(copy));
    octets.fill(0, begin + block * journalBlockBytes, begin + (block + 1) * journalBlockBytes);
    writeFileSync(segment(copy), octets);
    await expectAfterCrash(copy, (found) => expect(keysOf(found), `block ${block}`).toEqual(["a"]));
    // Of a frame without its beginning nothing is known.
    expect(faults.splice(0)).toMatchObject(block === 0 ? [] : [{ message: "its last commit is not whole" }]);
  }
});

test("a damaged commit between others is told; the others are found", async () => {
  store = await open(sized(1024 * kib));
  for (const key of ["a", "b", "c"]) await store.commit([put(key, "1")], false);
  const copy = await crashed();
  const octets = readFileSync(segment(copy));
  octets[firstFrameAt + journalBlockBytes + 45] = 0x55;
  writeFileSync(segment(copy), octets);
  await expectAfterCrash(copy, (found) => expect(keysOf(found)).toEqual(["a", "c"]));
  expect(faults).toMatchObject([{ code: "failed", message: "1 commits in the journal cannot be read" }]);
});

test.each([
  ["the first head of a segment is damaged: the second serves", [10], ["a"], []],
  [
    "both are: what is missing is told",
    [10, journalBlockBytes / 2 + 10],
    [],
    ["segment 0 of the journal cannot be read, its head is damaged"],
  ],
])("%s", async (_, offsets, keys, told) => {
  store = await open(sized(1024 * kib));
  await store.commit([put("a", "1")], false);
  const copy = await crashed();
  const octets = readFileSync(segment(copy));
  for (const at of offsets) octets[at] = (octets[at] as number) ^ 0x10;
  writeFileSync(segment(copy), octets);
  await expectAfterCrash(copy, (found) => expect(keysOf(found)).toEqual(keys));
  expect(faults.map(({ message }) => message)).toEqual(told);
});

test("octets of a message that look like a frame are none, even when the frame around them is damaged", async () => {
  store = await open(sized(1024 * kib));
  await store.commit([put("a", "1")], false);
  const frame = readFileSync(segment(directory)).subarray(firstFrameAt, firstFrameAt + journalBlockBytes);
  await store.commit([{ table: "messages", key: Buffer.from("a"), value: undefined }], false);
  // A whole frame, at the beginning of a block: it puts "a" again.
  const key = Buffer.from("hostile");
  const head = frameBytes([{ table: "messages", key, value: Buffer.alloc(0) }]);
  const value = Buffer.concat([Buffer.alloc(journalBlockBytes - head), frame]);
  await store.commit([{ table: "messages", key, value }], false);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["hostile"]));

  // From an earlier use of the segment, as whoever wrote the message may have known it.
  await store.close();
  store = await open(sized(1024 * kib));
  await store.commit([{ table: "messages", key, value }, put("x", "1")], false);
  const copy = await crashed();
  const octets = readFileSync(segment(copy));
  octets[firstFrameAt + 60] = 0x55;
  writeFileSync(segment(copy), octets);
  await expectAfterCrash(copy, (found) => expect(keysOf(found)).toEqual(["hostile"]));
});

test("a journal that fails: LMDB goes on alone, and the frame that failed is never replayed", async () => {
  store = await open(sized(1024 * kib));
  await store.commit([put("a", "1")], false);
  disk.fails = true;
  await store.commit([put("b", "1")], false);
  disk.fails = false;
  expect(keysOf(store)).toEqual(["a", "b"]);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["a", "b"]));
  await store.commit([{ table: "messages", key: Buffer.from("b"), value: undefined }, put("c", "1")], false);
  expect(keysOf(store)).toEqual(["a", "c"]);
  expect(faults).toMatchObject([{ code: "failed", message: expect.stringContaining("EIO") }]);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["a", "c"]));

  // After a while it is tried again, and holds what follows.
  await clock.advance(60_000);
  const before = readFileSync(segment(directory)).subarray(0, journalBlockBytes);
  await store.commit([put("d", "1")], false);
  expect(readFileSync(segment(directory)).subarray(0, journalBlockBytes).equals(before)).toBe(false);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["a", "c", "d"]));
});

test("a journal that fails between two segments is given up once, and the commit that found it out is whole", async () => {
  store = await open(sized(64 * kib));
  await store.commit([put("a", "x".repeat(50 * kib))], false);
  disk.fails = true;
  await store.commit([put("b", "x".repeat(50 * kib))], false);
  disk.fails = false;
  expect(keysOf(store)).toEqual(["a", "b"]);
  expect(faults).toMatchObject([{ code: "failed", message: expect.stringContaining("EIO") }]);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["a", "b"]));
});

test("a journal that is moved under a commit is given up by the next one, and all are kept", async () => {
  const looks: (() => Promise<unknown>)[] = [];
  store = await openJournaledStore(directory, {
    clock,
    journal: sized(1024 * kib),
    place: {
      lockFault: undefined,
      look: () => Promise.resolve(undefined),
      watchPart: (look) => void looks.push(look),
    },
    onFault: (fault) => faults.push(fault),
    onJournalFault: ({ what }) => faults.push(new SpoolError("failed", what)),
  });
  await store.commit([put("a", "1")], false);
  const held: (() => void)[] = [];
  disk.hold = (tell) => void held.push(tell);
  const second = store.commit([put("b", "1")], false);
  await expect.poll(() => held.length).toBe(1);
  await rename(join(directory, "journal"), join(directory, "elsewhere"));
  for (const look of looks) await look();
  expect(faults).toEqual([]);
  disk.hold = undefined;
  for (const tell of held) tell();
  await second;
  await store.commit([put("c", "1")], false);
  expect(faults).toMatchObject([{ message: expect.stringContaining("moved, removed or replaced") }]);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["a", "b", "c"]));
});

test("a start without room for what the journal holds: it is read, kept, and applied when there is room", async () => {
  store = await open(sized(1024 * kib));
  await store.commit([put("a", "1")], false);
  await store.commit([put("b", "1"), put("c", "1")], false);
  const copy = await crashed();
  disk.isFull = true;
  const found = await open(sized(1024 * kib), copy);
  expect(faults).toMatchObject([{ code: "full" }]);
  expect(keysOf(found)).toEqual(["a", "b", "c"]);
  expect([found.count("messages"), String(found.lastKey("messages"))]).toEqual([3, "c"]);
  await expect(found.commit([put("d", "1")], false)).rejects.toMatchObject({ code: "full" });
  const second = await mkdtemp(join(tmpdir(), "weir-store-crash-"));
  cpSync(copy, second, { recursive: true });
  disk.isFull = false;
  await expectAfterCrash(second, (again) => expect(keysOf(again)).toEqual(["a", "b", "c"]));

  await found.commit([put("e", "1")], false);
  expect(keysOf(found)).toEqual(["a", "b", "c", "e"]);
  await found.close();
  await expectAfterCrash(copy, (again) => expect(keysOf(again)).toEqual(["a", "b", "c", "e"]));
});

test("what is put and removed in the journal is gone after a start that cannot even write the mark", async () => {
  store = await open(sized(1024 * kib));
  await store.commit([put("a", "1")], false);
  await store.commit([{ table: "messages", key: Buffer.from("a"), value: undefined }], false);
  const copy = await crashed();
  disk.isFull = true;
  const found = await open(sized(1024 * kib), copy);
  expect(found.count("messages")).toBe(0);
  disk.isFull = false;
  await found.close();
  await rm(copy, { recursive: true });
});

test.each<[string, (path: string) => void]>([
  ["made much longer", (path) => truncateSync(path, 2 ** 40)],
  ["cut within a block", (path) => truncateSync(path, 3 * journalBlockBytes + 100)],
  ["emptied", (path) => truncateSync(path, 0)],
])("a segment that was %s while it was not in use: commits go on, and are found", async (_, change) => {
  store = await open(sized(64 * kib));
  for (const name of ["0", "1"]) {
    // Segment 0 is in use, then segment 1.
    change(join(directory, "journal", name === "0" ? "1" : "0"));
    for (let i = 0; i < 3; i++) await store.commit([put(`${name} ${i}`, "x".repeat(30 * kib))], false);
  }
  const keys = ["0 0", "0 1", "0 2", "1 0", "1 1", "1 2"];
  await store.close();
  store = await open(sized(64 * kib));
  expect(keysOf(store)).toEqual(keys);
  for (const name of ["0", "1"]) change(join(directory, "journal", name));
  await store.close();
  store = await open(sized(64 * kib));
  await store.commit([put("last", "1")], false);
  expect(keysOf(store)).toEqual([...keys, "last"]);
});

test("a store that held much and is empty gives the disk back when it rests", async () => {
  store = await open(sized(256 * kib));
  const many = Array.from({ length: 600 }, (_, i) => put(`key ${i}`, "x".repeat(64 * kib)));
  for (let at = 0; at < many.length; at += 100) await store.commit(many.slice(at, at + 100), false);
  await store.commit(
    many.map((write) => ({ ...write, value: undefined })),
    true,
  );
  const size = () => statSync(join(directory, "data.mdb")).size;
  expect(size()).toBeGreaterThan(32 * kib * kib);
  await clock.advance(5_000);
  await expect.poll(() => size()).toBeLessThan(8 * kib * kib);
  await store.commit([put("a", "1")], false);
  expect(keysOf(store)).toEqual(["a"]);
  await expectAfterCrash(await crashed(), (found) => expect(keysOf(found)).toEqual(["a"]));
  expect(faults).toEqual([]);
});
