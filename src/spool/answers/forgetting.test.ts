/** What answers are forgotten when, by a real spool; the promises themselves are in test/contracts. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { envelopeTo, firstTurn, origin, plainFacts } from "../../testing/spool-messages.ts";
import { openLmdbSpool, type LmdbSpool, type LmdbSpoolOptions } from "../lmdb-spool.ts";
import { maxAnswerWindowMs } from "../spool-answers.ts";

const disk = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const roundMs = 10_000;
let directory: string;
let clock: FakeClock;
let spool: LmdbSpool;
let crowded: number[];

const open = async (given: Partial<LmdbSpoolOptions> = {}): Promise<LmdbSpool> =>
  (spool = await openLmdbSpool({
    directory,
    clock,
    journal: { segmentBytes: { least: 65_536, most: 65_536 } },
    onAnswersCrowded: (kept) => crowded.push(kept),
    ...given,
  }));

beforeEach(async () => {
  directory = await mkdtemp(join(disk, "weir-answers-"));
  clock = createFakeClock();
  crowded = [];
});
afterEach(async () => {
  await spool.close();
  await rm(directory, { recursive: true });
});

async function keep(key: string, windowMs = 1_000): Promise<void> {
  const turn = await firstTurn(spool, { scope: "s", key });
  const draft = spool.begin();
  draft.write(Buffer.from("x"));
  const answer = { turn, fingerprint: Buffer.alloc(32), answer: key, windowMs };
  await spool.accept(draft, envelopeTo("a@test"), origin, plainFacts, { answer });
}
async function isKept(key: string): Promise<boolean> {
  const asked = await spool.answers.ask({ scope: "s", key });
  if (asked.kind === "first") asked.turn.end();
  return asked.kind === "answered";
}
/** Goes on by rounds until so many are left. */
const leaves = (count: number) =>
  vi.waitFor(async () => {
    await clock.advance(roundMs);
    expect(spool.answers.size).toBe(count);
  });

test("nothing is timed where nothing is kept, nor when all is forgotten", async () => {
  await open();
  const before = clock.pendingTimers;
  const draft = spool.begin();
  await spool.accept(draft, envelopeTo("a@test"), origin, plainFacts);
  const plain = clock.pendingTimers;
  await keep("a");
  expect(clock.pendingTimers).toBe(plain + 1);
  await leaves(0);
  await clock.advance(roundMs);
  expect(clock.pendingTimers).toBeLessThanOrEqual(Math.max(before, plain));
});

test("more than a portion goes in one round, and what has time left stays", async () => {
  await open();
  const keys = Array.from({ length: 600 }, (_, n) => `short ${n}`);
  await Promise.all(keys.map((key) => keep(key, 1_000)));
  await keep("long", 60_000);
  expect(spool.answers.size).toBe(601);
  await leaves(1);
  expect([await isKept("long"), await isKept("short 0"), await isKept("short 599")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("of too many the oldest are forgotten before their time, and that is told once", async () => {
  await open({ answersAtMost: 3 });
  for (let n = 0; n < 5; n++) {
    await clock.advance(1);
    await keep(`k${n}`, 3_600_000);
  }
  await leaves(3);
  const all = await Promise.all([0, 1, 2, 3, 4].map((n) => isKept(`k${n}`)));
  expect(all).toEqual([false, false, true, true, true]);
  expect(crowded).toEqual([5]);
  await keep("k5", 3_600_000);
  await leaves(3);
  expect(crowded).toEqual([5, 4]);
});

test("what was kept under a clock far ahead does not stand for ever", async () => {
  clock = createFakeClock(Date.UTC(2030, 0, 1));
  await open();
  await keep("ahead", maxAnswerWindowMs);
  await spool.close();
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  await open();
  await keep("now", 3_600_000);
  await leaves(1);
  expect([await isKept("ahead"), await isKept("now")]).toEqual([false, true]);
});

test("what is kept anew under a key that is being forgotten stays", async () => {
  await open();
  for (let n = 0; n < 30; n++) await keep(`k${n}`, 1_000 + n);
  // Both at once, in every order that the disk makes of it.
  for (let n = 0; n < 30; n++) {
    await clock.advance(n === 0 ? 1_000 : 1);
    const round = clock.advance(roundMs);
    await keep(`k${n}`, 10 * 3_600_000);
    await round;
    expect(await isKept(`k${n}`), `k${n}`).toBe(true);
  }
  await leaves(30);
  await spool.close();
  await open();
  expect(spool.answers.size).toBe(30);
});
