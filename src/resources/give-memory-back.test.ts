import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { giveMemoryBack } from "./give-memory-back.ts";

test("what a busy time left is collected at rest, once, and nothing after the end", async () => {
  const clock = createFakeClock();
  let isBusy = false;
  let megabytes = 60;
  let collected = 0;
  const end = giveMemoryBack(clock, {
    utilization: () => (isBusy ? 0.9 : 0.1),
    residentBytes: () => megabytes * 2 ** 20,
    collect() {
      collected++;
      megabytes = 80;
      return Promise.reject(new Error("no inspector here"));
    },
  });
  const pass = (ms: number): Promise<void> => clock.advance(ms);
  await pass(10_000);
  isBusy = true;
  megabytes = 300;
  await pass(60_000);
  expect(collected).toBe(0);
  isBusy = false;
  await pass(10_000);
  expect(collected).toBe(1);
  await pass(600_000);
  expect(collected).toBe(1);
  end();
  megabytes = 900;
  await pass(600_000);
  expect(collected).toBe(1);
});
