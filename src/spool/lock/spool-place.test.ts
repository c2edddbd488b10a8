/** The spool's directory is moved, removed, replaced, or its lock is taken away, while the spool is open. */
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acceptMessage, doneAll, patterned, readContent } from "../../testing/spool-messages.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { openLmdbSpool, type LmdbSpool } from "../lmdb-spool.ts";
import { submissionQueue, type Claim } from "../spool.ts";
import { watchSpoolPlace } from "./spool-place.ts";

const clock = createFakeClock();
let parent: string;
let data: string;
let spool: LmdbSpool;
let told: (string | undefined)[];
let faults: string[];

const open = () =>
  openLmdbSpool({
    directory: join(data, "spool"),
    clock,
    journal: { segmentBytes: { least: 256 * 1024, most: 256 * 1024 } },
    onMisplaced: (fault) => told.push(fault),
    onJournalFault: ({ what }) => faults.push(what),
  });
const claimOne = async () => (await spool.claim(submissionQueue, 10, clock.now())) as [Claim];
/** The looking is real I/O under a clock that is not. */
const whenTold = async (times: number) => {
  await clock.advance(1_000);
  await expect.poll(() => told.length).toBe(times);
};
const large = patterned(300_000);
/** Messages that a start finds where a crash now leaves the directory. */
const acknowledgedInCopy = async (): Promise<number> => {
  const copy = join(parent, "crashed");
  await cp(join(data, "spool"), copy, { recursive: true, filter: (from) => !from.includes("holder.") });
  const found = await openLmdbSpool({ directory: copy, clock });
  const { size } = found;
  await found.close();
  return size;
};

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "weir-place-"));
  data = join(parent, "data");
  told = [];
  faults = [];
  spool = await open();
});
afterEach(async () => {
  await spool.close();
  await rm(parent, { recursive: true });
});

test("moved away: nothing is accepted, nothing begins anew in the old place, and all is well when it is back", async () => {
  await acceptMessage(spool, "small");
  await acceptMessage(spool, large);
  const [, claim] = (await claimOne()) as unknown as [Claim, Claim];
  await rename(data, join(parent, "data2"));
  // Before the next look: a body goes by its path.
  await expect(acceptMessage(spool, large)).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("was moved or removed") as string,
  });
  expect(told).toHaveLength(1);
  await expect(acceptMessage(spool, "small")).rejects.toMatchObject({ code: "failed" });
  expect(spool.misplaced).toContain("was moved or removed");
  expect(spool.isOwner).toBe(true);
  // Not damaged, only out of reach.
  await expect(readContent(claim.content)).rejects.toMatchObject({ code: "failed" });
  expect(await readdir(parent)).toEqual(["data2"]);

  await rename(join(parent, "data2"), data);
  await whenTold(2);
  expect(told[1]).toBeUndefined();
  expect(spool.misplaced).toBeUndefined();
  expect(large.equals(await readContent(claim.content))).toBe(true);
  await acceptMessage(spool, large);
  expect(spool.size).toBe(3);
});

test("moved away between the look at it and that at its lock: the lock is not lost, for it comes back with it", async () => {
  const directory = join(parent, "place");
  await mkdir(directory);
  const heard: (string | undefined)[] = [];
  let whenLooked: (() => Promise<void>) | undefined = () => rename(directory, join(parent, "away"));
  const place = await watchSpoolPlace({
    directory,
    clock,
    onChange: (fault) => heard.push(fault),
    lock: {
      async lost() {
        await whenLooked?.();
        whenLooked = undefined;
        return existsSync(directory) ? undefined : "it was removed";
      },
      unlock: () => Promise.resolve(),
    },
  });
  expect(await place.look()).toContain("was moved or removed");
  await rename(join(parent, "away"), directory);
  expect(await place.look()).toBeUndefined();
  expect(heard).toEqual([expect.stringContaining("was moved or removed"), undefined]);
  place.close();
});

test("removed: noticed within a second, and what was acknowledged can still be delivered", async () => {
  await acceptMessage(spool, "small");
  await rm(data, { recursive: true });
  await whenTold(1);
  await expect(acceptMessage(spool, "small")).rejects.toMatchObject({ code: "failed" });
  const [claim] = await claimOne();
  expect((await readContent(claim.content)).toString()).toContain("small");
  await spool.settle(claim, doneAll(claim));
  expect(await readdir(parent)).toEqual([]);
});

test("another directory in its place gets nothing, and loses nothing", async () => {
  await acceptMessage(spool, large);
  const copy = join(parent, "copy");
  await cp(data, copy, { recursive: true, filter: (path) => !path.includes("holder.") });
  await rename(data, join(parent, "data2"));
  await rename(copy, data);
  const before = await readdir(data, { recursive: true });
  await expect(acceptMessage(spool, large)).rejects.toMatchObject({
    message: expect.stringContaining("another directory") as string,
  });
  await expect(acceptMessage(spool, "small")).rejects.toMatchObject({ code: "failed" });
  expect((await readdir(data, { recursive: true })).sort()).toEqual(before.sort());
});

test("a lock that was taken away ends the writing: another may have the spool", async () => {
  await acceptMessage(spool, "small");
  const directory = join(data, "spool");
  for (const name of await readdir(directory))
    if (name.startsWith("holder.") || name === "lock") await rm(join(directory, name));
  await whenTold(1);
  expect(spool.misplaced).toContain("the lock of the spool is lost");
  // Whoever has it sends what is in it.
  expect(spool.isOwner).toBe(false);
  const next = await open();
  const kept = next.size;
  await expect(acceptMessage(spool, "small")).rejects.toMatchObject({ code: "failed" });
  expect(kept).toBe(1);
  const { mtimeMs } = await stat(join(directory, "data.mdb"));
  await spool.close();
  expect((await stat(join(directory, "data.mdb"))).mtimeMs).toBe(mtimeMs);
  await acceptMessage(next, "small");
  await next.close();
  spool = await open();
  expect(spool.size).toBe(2);
});

describe("a part of it is moved away", () => {
  test("the journal: it is given up, aloud, and what stood in it reaches LMDB", async () => {
    await acceptMessage(spool, "before");
    await rename(join(data, "spool", "journal"), join(parent, "journal"));
    await clock.advance(1_000);
    await expect.poll(() => faults.join()).toContain("moved, removed or replaced");
    await acceptMessage(spool, "after");
    expect(spool.misplaced).toBeUndefined();
    expect(await acknowledgedInCopy()).toBe(2);
  });

  test("one segment of the journal: the same", async () => {
    await acceptMessage(spool, "before");
    await rm(join(data, "spool", "journal", "0"));
    await clock.advance(1_000);
    await expect.poll(() => faults.join()).toContain("moved, removed or replaced");
    await acceptMessage(spool, "after");
    expect(await acknowledgedInCopy()).toBe(2);
  });

  test.each([
    { what: "removed", spoil: (file: string) => rm(file) },
    {
      what: "replaced by a copy",
      spoil: async (file: string) => {
        await cp(file, `${file}.copy`);
        await rename(`${file}.copy`, file);
      },
    },
  ])("LMDB's file, $what: no mail is taken", async ({ spoil }) => {
    await acceptMessage(spool, "before");
    await spoil(join(data, "spool", "data.mdb"));
    await whenTold(1);
    expect(told[0]).toContain("data.mdb was moved, removed or replaced");
    await expect(acceptMessage(spool, "small")).rejects.toMatchObject({ code: "failed" });
    const [claim] = await claimOne();
    await spool.settle(claim, doneAll(claim));
  });

  test("the bodies: no mail is taken, what waits is not taken for damaged, and all is well when they are back", async () => {
    await acceptMessage(spool, large);
    const bodies = join(data, "spool", "bodies");
    await rename(bodies, join(parent, "bodies"));
    const [claim] = await claimOne();
    await expect(readContent(claim.content)).rejects.toMatchObject({ code: "failed" });
    await expect(acceptMessage(spool, large)).rejects.toMatchObject({ code: "failed" });
    expect(told).toEqual([expect.stringContaining("contents of large messages")]);
    spool.release(claim);
    await spool.close();

    // It can be started, and waits for them.
    spool = await open();
    expect(spool.misplaced).toContain("contents of large messages");
    const [again] = await claimOne();
    await expect(readContent(again.content)).rejects.toMatchObject({ code: "failed" });
    await rename(join(parent, "bodies"), bodies);
    await expect.poll(() => (clock.advance(1_000), spool.misplaced)).toBeUndefined();
    expect(large.equals(await readContent(again.content))).toBe(true);
    await acceptMessage(spool, large);
  });

  test("one directory of the bodies: it is made again", async () => {
    await acceptMessage(spool, large);
    const bodies = join(data, "spool", "bodies");
    for (const shard of await readdir(bodies)) await rm(join(bodies, shard), { recursive: true });
    await acceptMessage(spool, large);
    expect(spool.misplaced).toBeUndefined();
  });
});
