/** What a process has given back is seen from outside it: this one does nothing else. */
import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { giveMemoryBack } from "./give-memory-back.ts";

test("memory of this process is given back", async () => {
  const clock = createFakeClock();
  const end = giveMemoryBack(clock);
  await clock.advance(2_000);
  let garbage = Array.from({ length: 500_000 }, (_, n) => [n, n, n, n, n, n, n, n, n, n]);
  const most = process.memoryUsage.rss();
  expect(garbage.length).toBe(500_000);
  garbage = [];
  // What was made in a moment counts as work until some time has passed.
  const afterWhile = async (): Promise<number> => {
    await clock.advance(2_000);
    return process.memoryUsage.rss();
  };
  await expect.poll(afterWhile, { interval: 50 }).toBeLessThan(most - 20 * 2 ** 20);
  end();
});
