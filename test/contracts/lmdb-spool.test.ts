import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import type { Claim, Report } from "../../src/spool/spool.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import {
  acceptMessage,
  doneAll,
  envelopeTo,
  oneRound,
  origin,
  patterned,
  readContent,
  takeAll,
} from "../../src/testing/spool-messages.ts";
import { describeSpool } from "./spool-contract.ts";

test("promise 7: fresh mail beyond the memory set apart for it waits on disk, and is taken again when there is some", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-spool-"));
  const spool = await openLmdbSpool({ directory, clock: createFakeClock(), memoryBudgetBytes: 5000 });
  const taken: Claim[] = [];
  let waiting = 0;
  spool.onAccepted({ hasRoom: () => true, take: (claim) => taken.push(claim), waits: () => waiting++ });
  for (let n = 0; n < 4; n++) await acceptMessage(spool, patterned(1000));
  expect([taken.length, waiting]).toEqual([2, 2]);
  for (const claim of taken.splice(0)) spool.release(claim);
  await acceptMessage(spool, patterned(1000));
  expect([taken.length, waiting, spool.size]).toEqual([1, 2, 5]);
  await spool.close();
  await rm(directory, { recursive: true });
});

test("what is too large for a record, mail or report, stands in a file, and asks for no memory", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-spool-"));
  const spool = await openLmdbSpool({ directory, clock: createFakeClock(), memoryBudgetBytes: 5000 });
  const bodies = async (): Promise<string[]> => {
    const all = await readdir(join(directory, "bodies"), { recursive: true, withFileTypes: true });
    return all.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  const taken: Claim[] = [];
  spool.onAccepted(takeAll((claim) => void taken.push(claim)));
  const large = patterned(100_000);
  await acceptMessage(spool, large);
  expect([taken.length, (await bodies()).length]).toEqual([1, 1]);
  const [mail] = taken.splice(0) as [Claim];
  const report = (content: Buffer): Report => ({ envelope: envelopeTo("from@test"), origin, content });
  await spool.settle(mail, doneAll(mail), [report(large), report(patterned(2_000))]);
  expect(await Promise.all(taken.map(({ content }) => readContent(content)))).toEqual([
    large,
    patterned(2_000),
  ]);
  await expect.poll(bodies).toHaveLength(1);
  await spool.settle(taken[0] as Claim, doneAll(taken[0] as Claim), []);
  await expect.poll(bodies).toEqual([]);
  await spool.close();
  await rm(directory, { recursive: true });
});

test("promise 8: a walk that passes more than it remembers meets them by walking again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-spool-"));
  const clock = createFakeClock();
  const spool = await openLmdbSpool({ directory, clock, passedAtMost: 3 });
  const held: Claim[] = [];
  spool.onAccepted({ hasRoom: () => true, take: (claim) => held.push(claim), waits: () => undefined });
  const messages = await Promise.all(Array.from({ length: 20 }, () => acceptMessage(spool)));
  const ids = messages.map(({ id }) => id);
  const old = spool.walkOld();
  expect(await oneRound(old, clock.now() + 1)).toEqual([]);
  for (const claim of held.slice(0, 10)) spool.release(claim);
  const met: number[] = [];
  for (const claim of await oneRound(old, clock.now() + 1, 4)) {
    met.push(claim.message.id);
    spool.release(claim);
  }
  for (const claim of held.slice(10)) spool.release(claim);
  for (let round = 0; round < 5; round++)
    for (const claim of await oneRound(old, clock.now() + 1, 4)) {
      met.push(claim.message.id);
      spool.release(claim);
    }
  expect([...new Set(met)].sort((a, b) => a - b)).toEqual(ids);
  await spool.close();
  await rm(directory, { recursive: true });
});

test("what is put off beyond what memory has for it is put off on disk, and outlives a restart", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-spool-"));
  const clock = createFakeClock();
  let spool = await openLmdbSpool({ directory, clock, putOffAtMost: 1 });
  const ids: number[] = [];
  for (let n = 0; n < 3; n++) ids.push((await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"))).id);
  const now = clock.now();
  const claimedIds = async (): Promise<number[]> =>
    (await spool.claim("", 9, clock.now())).map(({ message }) => message.id);
  // One recipient of the last is due later still, and stays so.
  const [first, second, third] = (await spool.claim("", 9, now)) as [Claim, Claim, Claim];
  const later = { index: 1, queue: "", dueAt: now + 9_000, attempts: 1, delayReported: false } as const;
  await spool.settle(third, [{ kind: "keep", ...later }]);
  const [again] = (await spool.claim("", 9, now)) as [Claim];
  for (const claim of [first, second, again]) spool.release(claim, now + 1_000);
  expect([await claimedIds(), spool.nextDueAt("")]).toEqual([[], now + 1_000]);
  await spool.close();
  spool = await openLmdbSpool({ directory, clock });
  expect(await claimedIds()).toEqual([ids[0]]);
  await clock.advance(1_000);
  const claims = await spool.claim("", 9, clock.now());
  expect(claims.map(({ message, recipients }) => [message.id, recipients.length])).toEqual([
    [ids[1], 2],
    [ids[2], 1],
  ]);
  await spool.close();
  await rm(directory, { recursive: true });
});

describeSpool("lmdb-spool", async (options) => {
  const directory = await mkdtemp(join(tmpdir(), "weir-spool-"));
  let spool = await openLmdbSpool({ directory, ...options });
  return {
    spool,
    reopen: async (clock = options.clock) => {
      await spool.close();
      spool = await openLmdbSpool({ directory, ...options, clock });
      return spool;
    },
    end: async () => {
      await spool.close();
      await rm(directory, { recursive: true });
    },
  };
});
