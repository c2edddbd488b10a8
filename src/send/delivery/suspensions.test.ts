import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RateWindow } from "./message-rate-window.ts";
import { openSuspensions } from "./suspensions.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-suspensions-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("what is suspended is found again", async () => {
  const file = join(directory, "suspended-queues.json");
  const first = await openSuspensions(file);
  expect([...first.queues]).toEqual([]);
  const changed = await Promise.all([first.set("", true), first.set("a", true), first.set("b", true)]);
  expect(changed).toEqual([true, true, true]);
  expect(await first.set("a", true)).toBe(false);
  expect(await first.set("b", false)).toBe(true);
  expect([...(await openSuspensions(file)).queues]).toEqual(["", "a"]);
});

test("a file that is no list of names is refused", async () => {
  const file = join(directory, "suspended-queues.json");
  await writeFile(file, "{}");
  await expect(openSuspensions(file)).rejects.toThrow("does not hold a list of queue names");
});

test("a rate is the average of the last minute", () => {
  const rate = new RateWindow();
  const start = Date.UTC(2026, 0, 1);
  for (let i = 0; i < 120; i++) rate.add(start + i * 100);
  expect(rate.perSecond(start + 12_000)).toBe(2);
  expect(rate.perSecond(start + 65_000)).toBeCloseTo(1, 0);
  expect(rate.perSecond(start + 200_000)).toBe(0);
});
