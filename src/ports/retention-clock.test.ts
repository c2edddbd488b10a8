import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { openRetentionClock, type RetentionClock } from "./retention-clock.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let directory: string;
let clock = createFakeClock();
let aheadMs = 0;
let told: string[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-retention-"));
  clock = createFakeClock();
  aheadMs = 0;
  told = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const file = (): string => join(directory, "retention-clock.json");
/** `startedAheadMs`: what the steady clock of this run is ahead, as it begins with the one on the wall. */
const open = (): Promise<RetentionClock> => {
  const startedAheadMs = aheadMs;
  return openRetentionClock(file(), {
    clock: {
      ...clock,
      now: () => clock.now() + startedAheadMs,
      wall: () => new Date(clock.now() + aheadMs),
    },
    onLeap: (doubt) => told.push(`leap ${Math.round(doubt.aheadMs / dayMs)}`),
    onOver: (back) => told.push(back ? "back" : "held"),
  });
};
const heldHours = async (): Promise<number> => {
  const { doubt } = JSON.parse(await readFile(file(), "utf8")) as { doubt?: { heldMs: number } };
  return (doubt?.heldMs ?? 0) / hourMs;
};
// A run that was killed lost some minutes of its own time: nothing below zero, too.
const daysAhead = (one: RetentionClock): number => Math.round((one.now() - clock.now()) / dayMs) || 0;

test("a clock that is ahead for some hours is told once, not believed, and told when it is right again", async () => {
  const retention = await open();
  aheadMs = 40 * dayMs;
  await clock.advance(6 * hourMs);
  expect(daysAhead(retention)).toBe(0);
  expect(retention.isBelieved).toBe(false);
  aheadMs = 0;
  await clock.advance(hourMs);
  expect(retention.isBelieved).toBe(true);
  expect(told).toEqual(["leap 40", "back"]);
  await retention.close();
  await retention.close();
  expect(clock.pendingTimers).toBe(0);
});

test("a doubt outlives the run, killed or stopped, and ends when the clock has held for three days of running", async () => {
  await (await open()).close();
  aheadMs = 40 * dayMs;
  let retention = await open();
  await clock.advance(30 * hourMs);
  // Killed: its clock stands still, and the next knows what was written within the last hour.
  await vi.waitUntil(async () => (await heldHours()) >= 29, { timeout: 30_000 });
  clock = createFakeClock(clock.now());
  retention = await open();
  expect(daysAhead(retention)).toBe(0);
  await clock.advance(30 * hourMs);
  expect(daysAhead(retention)).toBe(0);
  await retention.close();
  retention = await open();
  await clock.advance(13 * hourMs);
  expect(daysAhead(retention)).toBe(40);
  expect(told).toEqual(["leap 40", "leap 40", "leap 40", "held"]);
  await retention.close();
});

test("numbers of runs grow, whatever the clock was", async () => {
  const numbers: number[] = [];
  for (const days of [0, 40, 0, -2_000, 0, 0]) {
    aheadMs = days * dayMs;
    const retention = await open();
    numbers.push(retention.nextRun(), retention.nextRun());
    await retention.close();
  }
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
});

test.each(["", "{", "null", '{"atMs":"x","run":1}', '{"atMs":1,"doubt":{"aheadMs":1},"run":null}'])(
  "a file that holds %j begins anew",
  async (text) => {
    await writeFile(file(), text);
    const retention = await open();
    expect(daysAhead(retention)).toBe(0);
    expect(retention.isBelieved).toBe(true);
    await retention.close();
    expect(JSON.parse(await readFile(file(), "utf8"))).toMatchObject({ version: 1, atMs: clock.now() });
  },
);

test("a directory that takes no file costs no time, and ends nothing", async () => {
  await rm(directory, { recursive: true });
  const retention = await open();
  await clock.advance(5 * hourMs);
  expect(daysAhead(retention)).toBe(0);
  await retention.close();
});
