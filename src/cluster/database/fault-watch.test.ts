import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { watchFaults } from "./fault-watch.ts";

type Code = "dark" | "dim" | "cold";

function watched(found: readonly (readonly Code[] | Error)[]) {
  const clock = createFakeClock(0);
  const told: string[] = [];
  let looks = 0;
  const watch = watchFaults<{ readonly code: Code }>({
    clock,
    everyMs: 1_000,
    read() {
      const answer = found[looks++] ?? [];
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(answer.map((code) => ({ code })));
    },
    tell: ({ code }) => void told.push(code),
    tellMended: (mended, left) =>
      void told.push(`${mended.map(({ code }) => code).join()} mended, ${left.length} left`),
    about: (code) => (code === "cold" ? "warmth" : "light"),
  });
  return { clock, told, watch };
}

test.each<[what: string, found: readonly (readonly Code[] | Error)[], told: readonly string[]]>([
  ["nothing is told of what is as it should be", [[], []], []],
  ["what is found is told once", [["dark"], ["dark"], ["dark", "cold"]], ["dark", "cold"]],
  [
    "and once when it is mended",
    [["dark", "cold"], ["dark"], []],
    ["dark", "cold", "cold mended, 1 left", "dark mended, 0 left"],
  ],
  [
    "all that is mended at once is told as one",
    [["dark", "cold"], []],
    ["dark", "cold", "dark,cold mended, 0 left"],
  ],
  ["what comes back is told anew", [["cold"], [], ["cold"]], ["cold", "cold mended, 0 left", "cold"]],
  [
    "another about the same is told, and mends nothing",
    [["dark"], ["dim"], []],
    ["dark", "dim", "dim mended, 0 left"],
  ],
  [
    "a look that fails changes nothing",
    [["dark"], new Error("away"), ["dark"], []],
    ["dark", "dark mended, 0 left"],
  ],
])("%s", async (_what, found, told) => {
  const one = watched(found);
  await one.clock.advance(found.length * 1_000);
  expect(one.told).toEqual(told);
  one.watch.close();
  await one.clock.settle();
  expect(one.clock.pendingTimers).toBe(0);
});

test("looks that are asked for at once tell once, and say that they failed", async () => {
  const { clock, told, watch } = watched([["dark"], ["dark"], new Error("away")]);
  await Promise.all([watch.look(), watch.look()]);
  expect(told).toEqual(["dark"]);
  await expect(watch.look()).rejects.toThrow("away");
  expect(watch.faults).toEqual([{ code: "dark" }]);
  watch.close();
  await clock.settle();
});
