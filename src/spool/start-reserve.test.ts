import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { giveUpStartReserve, keepStartReserve } from "./start-reserve.ts";

let directory: string;
const place = (...names: string[]): string => join(directory, "reserve", ...names);
const kept = (): Promise<string[]> => readdir(place()).catch(() => []);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-reserve-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("sixteen files of 64 KB, for nobody else to read", async () => {
  const clock = createFakeClock();
  const reserve = await keepStartReserve(directory, clock, () => true);
  expect((await kept()).length).toBe(16);
  for (const name of await kept())
    expect(await stat(place(name))).toMatchObject({ size: 64 * 1024, mode: 0o100600 });
  expect((await stat(place())).mode & 0o777).toBe(0o700);
  // There is room: a start leaves them.
  expect(await giveUpStartReserve(directory)).toBe(false);
  expect((await kept()).length).toBe(16);
  await reserve.close();
  expect(clock.pendingTimers).toBe(0);
});

test("what is gone is made again within a minute, where anything may be written", async () => {
  const clock = createFakeClock();
  let mayWrite = false;
  const reserve = await keepStartReserve(directory, clock, () => mayWrite);
  await rm(place("3"));
  await clock.advance(60_000);
  expect((await kept()).length).toBe(15);
  await expect.poll(() => clock.pendingTimers).toBe(1);
  mayWrite = true;
  await clock.advance(59_999);
  expect((await kept()).length).toBe(15);
  await clock.advance(1);
  await expect.poll(async () => (await kept()).length).toBe(16);
  await reserve.close();
});

test("a close while it is looked at is the end of it", async () => {
  const clock = createFakeClock();
  const reserve = await keepStartReserve(directory, clock, () => {
    void reserve.close();
    return false;
  });
  await clock.advance(60_000);
  await setImmediate();
  expect(clock.pendingTimers).toBe(0);
});

test("a directory that is not there is no reason to fail", async () => {
  const clock = createFakeClock();
  const reserve = await keepStartReserve(join(directory, "none"), clock, () => true);
  await reserve.close();
  expect(await giveUpStartReserve(join(directory, "none"))).toBe(false);
});
