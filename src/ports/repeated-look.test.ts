import { describe, expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { repeatLook } from "./repeated-look.ts";

/** `takesMs`: of each look, the last for all that follow. */
function watched(takesMs: readonly number[], fails: readonly number[] = []) {
  const clock = createFakeClock(0);
  const told: string[] = [];
  let count = 0;
  const repeated = repeatLook(clock, 1_000, async () => {
    const number = ++count;
    told.push(`${number} begins at ${clock.now()}`);
    const ms = takesMs[Math.min(number, takesMs.length) - 1] ?? 0;
    if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve));
    if (fails.includes(number)) throw new Error(`look ${number} failed`);
    told.push(`${number} ends at ${clock.now()}`);
  });
  return { clock, told, repeated };
}

describe("a repeated look", () => {
  test.each<[what: string, takesMs: readonly number[], fails: readonly number[], told: readonly string[]]>([
    [
      "begins when the first interval is over",
      [0],
      [],
      [
        "1 begins at 1000",
        "1 ends at 1000",
        "2 begins at 2000",
        "2 ends at 2000",
        "3 begins at 3000",
        "3 ends at 3000",
      ],
    ],
    ["is never two at once", [2_200, 0], [], ["1 begins at 1000", "1 ends at 3200"]],
    [
      "goes on behind one that fails",
      [0],
      [1, 2],
      ["1 begins at 1000", "2 begins at 2000", "3 begins at 3000", "3 ends at 3000"],
    ],
  ])("%s", async (_what, takesMs, fails, told) => {
    const one = watched(takesMs, fails);
    await one.clock.advance(3_500);
    expect(one.told).toEqual(told);
    await one.repeated.close();
    expect(one.clock.pendingTimers).toBe(0);
  });

  test("that is asked for waits for the one under way, and says that it failed", async () => {
    const { clock, told, repeated } = watched([500, 0], [2]);
    await clock.advance(1_200);
    const asked = repeated.now().catch((error: Error) => error.message);
    await clock.advance(400);
    expect(await asked).toBe("look 2 failed");
    expect(told).toEqual(["1 begins at 1000", "1 ends at 1500", "2 begins at 1500"]);
    // What was asked for moves nothing.
    await clock.advance(900);
    expect(told.slice(3)).toEqual(["3 begins at 2500", "3 ends at 2500"]);
    await repeated.close();
  });

  test("ends with the look that is under way", async () => {
    const { clock, told, repeated } = watched([500]);
    await clock.advance(1_200);
    let isClosed = false;
    void repeated.close().then(() => (isClosed = true));
    await clock.settle();
    expect(isClosed).toBe(false);
    await clock.advance(10_000);
    expect(isClosed).toBe(true);
    expect(told).toEqual(["1 begins at 1000", "1 ends at 1500"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
