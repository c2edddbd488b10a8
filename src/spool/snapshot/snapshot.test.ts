import { existsSync } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSystemClock } from "../../ports/system-ports.ts";
import { acceptMessage, doneAll, patterned, takeAll } from "../../testing/spool-messages.ts";
import { openLmdbSpool, type LmdbSpool } from "../lmdb-spool.ts";
import { submissionQueue, type Claim } from "../spool.ts";

const memoryDisk = "/dev/shm";
let scratch: string;
let spool: LmdbSpool;
let claims: Claim[];
beforeEach(async () => {
  scratch = await mkdtemp(join(existsSync(memoryDisk) ? memoryDisk : tmpdir(), "weir-snapshot-"));
  spool = await openLmdbSpool({ directory: join(scratch, "spool"), clock: createSystemClock() });
  claims = [];
  spool.onAccepted(takeAll((claim) => claims.push(claim)));
  await mkdir(join(scratch, "copy"));
});
afterEach(async () => {
  await spool.close();
  await rm(scratch, { recursive: true });
});

const bodiesLeft = async (): Promise<string[]> =>
  (await readdir(join(scratch, "spool/bodies"), { recursive: true })).filter((name) => /\/\d+$/.test(name));
const copyOf = async () => {
  const copy = await openLmdbSpool({ directory: join(scratch, "copy"), clock: createSystemClock() });
  const ids = (await copy.list(submissionQueue, 100)).messages.map(({ message: { id } }) => id);
  await copy.close();
  return ids;
};

test("what is finished or set aside while bodies are taken stays until the last of them is", async () => {
  for (const seed of [1, 2, 3]) await acceptMessage(spool, patterned(100_000, seed));
  const [first, second, third] = claims as [Claim, Claim, Claim];
  const taken: number[] = [];
  const count = await spool.snapshot((snapshot) =>
    snapshot.copyTo(join(scratch, "copy"), async ({ id, path }) => {
      if (taken.length === 0) {
        await spool.settle(first, doneAll(first));
        await spool.settle(second, doneAll(second));
        await spool.setAside(third, "for the test");
      }
      taken.push(id);
      expect((await readFile(path)).length).toBe(100_000);
    }),
  );
  const ids = [first, second, third].map(({ message }) => message.id);
  expect(count).toBe(3);
  expect(taken.sort((a, b) => a - b)).toEqual(ids);
  expect(await copyOf()).toEqual(ids);
  await expect.poll(() => bodiesLeft()).toEqual([]);
  const aside = await readdir(join(scratch, "spool/damaged"));
  expect(aside.some((name) => name.startsWith(String(third.message.id)))).toBe(true);
});

test("what comes while it is taken is not half in it", async () => {
  await acceptMessage(spool, patterned(100_000));
  const taken: number[] = [];
  await spool.snapshot((snapshot) =>
    snapshot.copyTo(join(scratch, "copy"), async ({ id, path }) => {
      if (taken.length === 0) await acceptMessage(spool, patterned(100_000, 2));
      taken.push(id);
      await access(path);
    }),
  );
  expect(taken).toEqual(await copyOf());
  expect(taken.length).toBe(1);
});

test("closing the spool breaks it off; a closed one is not copied", async () => {
  for (const seed of [1, 2]) await acceptMessage(spool, patterned(100_000, seed));
  let closing: Promise<void> | undefined;
  const copying = spool.snapshot((snapshot) =>
    snapshot.copyTo(join(scratch, "copy"), async () => {
      closing ??= spool.close();
    }),
  );
  await expect(copying).rejects.toMatchObject({ code: "closed" });
  await closing;
  await expect(spool.snapshot(() => Promise.resolve())).rejects.toMatchObject({ code: "closed" });
});
