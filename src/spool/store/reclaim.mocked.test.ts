/** LMDB's file is replaced: what fails, and what a crash leaves, at each step. */
import { cpSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { SpoolError } from "../spool.ts";
import { openJournaledStore, type Store } from "./journaled-store.ts";
import type { Write } from "./store.ts";

type Step = "rm" | "mkdir" | "rename" | "syncDirectory";
const steps = vi.hoisted(() => ({
  /** Hears of each step before it is done and after; what it throws is the step's fault. */
  on: undefined as ((step: Step, when: "before" | "after") => void) | undefined,
}));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs/promises")>();
  const heard =
    <A extends unknown[], R>(step: Step, run: (...taken: A) => Promise<R>) =>
    async (...taken: A) => {
      steps.on?.(step, "before");
      const result = await run(...taken);
      steps.on?.(step, "after");
      return result;
    };
  return {
    ...fs,
    rm: heard("rm", fs.rm),
    mkdir: heard("mkdir", fs.mkdir),
    rename: heard("rename", fs.rename),
  };
});
vi.mock("../../ports/directory-sync.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../ports/directory-sync.ts")>();
  return {
    ...original,
    syncDirectory: async (directory: string) => {
      steps.on?.("syncDirectory", "before");
      await original.syncDirectory(directory);
      steps.on?.("syncDirectory", "after");
    },
  };
});

const segmentBytes = 64 * 1024;
let scratch: string;
let directory: string;
let clock: ReturnType<typeof createFakeClock>;
let faults: SpoolError[];
let store: Store;

const open = (at: string): Promise<Store> =>
  openJournaledStore(at, {
    clock,
    journal: { segmentBytes: { least: segmentBytes, most: segmentBytes } },
    onFault: (fault) => faults.push(fault),
    onJournalFault: ({ what }) => faults.push(new SpoolError("failed", what)),
  });
const put = (key: string, bytes = 10): Write => ({
  table: "messages",
  key: Buffer.from(key),
  value: Buffer.alloc(bytes, key),
});
const keysOf = (of: Store) => [...of.tables.messages.getKeys({ start: Buffer.of(0) })].map(String);
const sizeBytes = () => statSync(join(directory, "data.mdb")).size;
const largeBytes = 32 * 1024 * 1024;

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), "weir-reclaim-"));
  directory = mkdtempSync(join(scratch, "spool-"));
  clock = createFakeClock();
  faults = [];
  store = await open(directory);
  // As a backlog leaves it.
  await store.commit([put("a")], false);
  await store.commit([{ table: "messages", key: Buffer.from("a"), value: undefined }], true);
  truncateSync(join(directory, "data.mdb"), largeBytes + 1);
});
afterEach(async () => {
  steps.on = undefined;
  await store.close();
  rmSync(scratch, { recursive: true });
});

/** The directory as a crash leaves it now. */
function crashed(): string {
  const copy = mkdtempSync(join(scratch, "crash-"));
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** Opens a copy, expects these keys, and that what is committed then outlives the next crash. */
async function expectAfterCrash(copy: string, keys: readonly string[], where: string) {
  const found = await open(copy);
  expect(keysOf(found), where).toEqual(keys);
  await found.commit([put("later")], false);
  const second = mkdtempSync(join(scratch, "crash-"));
  cpSync(copy, second, { recursive: true });
  await found.close();
  const again = await open(second);
  expect(keysOf(again), where).toEqual([...keys, "later"]);
  await again.close();
}

/** Commits one after the other; the keys of those that were acknowledged. */
async function commitSome(count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; i < count; i++) {
    const key = `key ${String(i).padStart(3, "0")}`;
    await store.commit([put(key, 20_000)], false).then(
      () => acknowledged.push(key),
      () => undefined,
    );
  }
  return acknowledged;
}

const failures = (["rm", "mkdir", "rename", "syncDirectory"] as const).flatMap((step) =>
  (["before", "after"] as const).flatMap((when) =>
    (["once", "from then on"] as const).map((often) => [step, when, often] as const),
  ),
);

test.each(failures)("%s fails, %s it is done, %s", async (failing, when, often) => {
  let failed = 0;
  steps.on = (step, at) => {
    if (step !== failing || at !== when || (often === "once" && failed > 0)) return;
    failed++;
    throw Object.assign(new Error(`EIO: i/o error, ${step}`), { code: "EIO" });
  };
  await clock.advance(5_000);
  await expect.poll(() => failed).toBeGreaterThan(0);
  const acknowledged = await commitSome(8);
  steps.on = undefined;
  // The journal is given up, aloud, and LMDB goes on alone as soon as its file can be relied on.
  expect(faults).toMatchObject([
    { code: "failed", message: expect.stringMatching(/cannot be written.*EIO/) },
  ]);
  if (often === "once") expect(acknowledged).toHaveLength(8);
  else if (failing === "syncDirectory") expect(acknowledged).toEqual([]);
  await expectAfterCrash(crashed(), acknowledged, "after the failure");

  // After a while there is a journal again.
  await clock.advance(60_000);
  await store.commit([put("last")], false);
  await expectAfterCrash(crashed(), [...acknowledged, "last"], "later");
});

test("a crash at each step finds what was acknowledged, and numbers go on", async () => {
  const copies: [string, string][] = [];
  steps.on = (step, when) => copies.push([`${when} ${step}`, crashed()]);
  await clock.advance(5_000);
  await expect.poll(() => sizeBytes()).toBeLessThan(largeBytes);
  // It waits until all is over.
  await store.commit([], false);
  steps.on = undefined;
  const acknowledged = await commitSome(12);
  expect(acknowledged).toHaveLength(12);
  await expectAfterCrash(crashed(), acknowledged, "after it");
  expect(copies.map(([where]) => where)).toEqual(
    expect.arrayContaining(["before rename", "after rename", "before syncDirectory"]),
  );
  for (const [where, copy] of copies) await expectAfterCrash(copy, [], where);
  expect(faults).toEqual([]);
});

test("answers go with it: they are found before, meanwhile, after it, and after a crash at each step", async () => {
  const end = Buffer.from("end");
  const answer = Buffer.alloc(200, "answer");
  await store.commit(
    [
      { table: "answers", key: Buffer.from("hash"), value: answer },
      { table: "answerEnds", key: end, value: Buffer.alloc(0) },
    ],
    false,
  );
  const found = (of: Store) => [
    of.tables.answers.getBinary(Buffer.from("hash"))?.equals(answer),
    of.tables.answers.doesExist(Buffer.from("none")),
    [...of.tables.answerEnds.getKeys({ start: Buffer.of(0), limit: 9 })].map(String),
    keysOf(of),
  ];
  const all = [true, false, ["end"], []];
  const copies: string[] = [];
  const seen: unknown[] = [];
  let isReplaced = false;
  steps.on = (step, when) => {
    seen.push(found(store));
    isReplaced ||= step === "rename";
    if (step === "rename" || step === "syncDirectory") copies.push(when === "after" ? crashed() : directory);
  };
  await clock.advance(5_000);
  await expect.poll(() => sizeBytes()).toBeLessThan(largeBytes);
  await store.commit([], false);
  steps.on = undefined;
  expect(isReplaced).toBe(true);
  for (const one of [...seen, found(store)]) expect(one).toEqual(all);
  for (const copy of copies.filter((path) => path !== directory)) {
    const after = await open(copy);
    expect(found(after)).toEqual(all);
    await after.close();
  }
});

test("more answers than are worth moving keep their file", async () => {
  const large = Array.from({ length: 2_200 }, (_, n): Write => {
    return { table: "answers", key: Buffer.from(`hash ${n}`), value: Buffer.alloc(4_000) };
  });
  await store.commit(large, false);
  await clock.advance(5_000);
  await store.commit([], false);
  expect(sizeBytes()).toBeGreaterThan(largeBytes);
  expect(store.tables.answers.doesExist(Buffer.from("hash 7"))).toBe(true);
});

test("nothing is committed before the new file's entry is durable", async () => {
  const order: string[] = [];
  steps.on = (step, when) => when === "after" && order.push(step);
  await clock.advance(5_000);
  await expect.poll(() => order).toContain("mkdir");
  await store.commit([put("a")], false);
  order.push("committed");
  expect(order.slice(order.indexOf("rename"))).toEqual(["rename", "rm", "syncDirectory", "committed"]);
});
