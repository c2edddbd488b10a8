import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { openEarlierRuns } from "./earlier-runs.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 30);
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-runs-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const file = (): string => join(directory, "earlier-runs.json");
const kept = async (): Promise<unknown> => JSON.parse(await readFile(file(), "utf8"));
const open = (atMs: number, messages = { firstId: 3, lastId: 7 }) => {
  const clock = createFakeClock(atMs);
  return openEarlierRuns(file(), { clock, ...messages }).then((runs) => ({ clock, runs }));
};

test("a run that was killed lived until its last hour, one that ended until its end", async () => {
  const { clock, runs } = await open(startMs);
  expect([runs.offMs, runs.timesOff]).toEqual([0, []]);
  await clock.advance(2 * hourMs + 1);
  await vi.waitFor(async () => expect(await kept()).toMatchObject({ aliveAt: startMs + 2 * hourMs }));
  await clock.advance(60_000);
  await runs.close();
  expect(await kept()).toEqual({ version: 1, aliveAt: startMs + 2 * hourMs + 60_001, timesOff: [] });
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect(clock.pendingTimers).toBe(0);
});

test("what did not count is known at the next start too, once", async () => {
  await (await open(startMs)).runs.close();
  const second = await open(startMs + 4 * dayMs);
  expect([second.runs.offMs, second.runs.timesOff]).toEqual([4 * dayMs, [{ upTo: 7, byMs: 4 * dayMs }]]);
  await second.runs.close();
  const third = await open(startMs + 4 * dayMs + hourMs, { firstId: 3, lastId: 9 });
  expect([third.runs.offMs, third.runs.timesOff]).toEqual([0, [{ upTo: 7, byMs: 4 * dayMs }]]);
  await third.runs.close();
});

test("where nothing waits there is nothing to tell", async () => {
  await (await open(startMs)).runs.close();
  const { runs } = await open(startMs + 4 * dayMs, { firstId: 0, lastId: 0 });
  expect([runs.offMs, runs.timesOff]).toEqual([0, []]);
  await runs.close();
});

test.each([
  "",
  "{",
  "null",
  "[]",
  '{"aliveAt":1}',
  '{"aliveAt":"x","timesOff":[]}',
  '{"aliveAt":1,"timesOff":[{}]}',
])("a file of %j says nothing, and the next start has one", async (text) => {
  await writeFile(file(), text);
  const { runs } = await open(startMs);
  expect([runs.offMs, runs.timesOff]).toEqual([0, []]);
  await runs.close();
  expect(await kept()).toMatchObject({ aliveAt: startMs });
});

test("one that cannot be written takes nothing down, and none is asked for by default", async () => {
  await rm(directory, { recursive: true });
  const { clock, runs } = await open(startMs);
  await clock.advance(3 * hourMs);
  await runs.close();
  const without = createFakeClock(startMs);
  const unknown = await openEarlierRuns(undefined, { clock: without, firstId: 1, lastId: 2 });
  expect([unknown.offMs, without.pendingTimers]).toEqual([0, 0]);
  await unknown.close();
});
