import { expect, it } from "vitest";
import { outcomeOf } from "./fall.ts";
import type { Outcome } from "./test-process.ts";

const passed: Outcome = { failed: undefined, left: [] };
const failed: Outcome = { failed: { file: "a.test.ts", name: "a", byTime: false }, left: [] };
const late: Outcome = { failed: { file: "a.test.ts", name: "a", byTime: true }, left: [] };

/** Tests that say what is written down for them, with the mutant and without. */
async function meet(withMutant: readonly Outcome[], without: readonly Outcome[] = []) {
  const said = { mutant: [...withMutant], source: [...without] };
  let there: "mutant" | "source" = "mutant";
  const ran: string[] = [];
  const outcome = await outcomeOf(
    {
      run(tests) {
        ran.push(`${there}: ${tests.join(" ")}`);
        const next = said[there].shift();
        return next === undefined ? Promise.reject(new Error("asked too often")) : Promise.resolve(next);
      },
      changed: () => undefined,
      end: () => Promise.resolve(),
    },
    ["a.test.ts", "b.test.ts"],
    { mutant: () => void (there = "mutant"), asItIs: () => void (there = "source") },
  );
  return { outcome, ran, there };
}

it.each([
  ["what passes", [passed], [], passed],
  ["what fails", [failed], [], failed],
  ["what dies", ["died"], [], "died"],
  ["what stands still twice, and without the mutant not", ["timeout", "timeout"], [passed], "timeout"],
  ["what takes too long, and then fails otherwise", [late, failed], [passed], failed],
  ["what takes too long once, and then has time", [late, passed], [passed], passed],
  ["what stands still once, and then has time", ["timeout", passed], ["timeout", passed], passed],
  ["what never has time", ["timeout"], ["timeout", late, "timeout"], "no time"],
  ["what takes too long, of a test that fails without the mutant", [late], [failed], late],
] as const)("%s", async (_, withMutant, without, expected) => {
  const { outcome, there } = await meet(withMutant, without);
  expect(outcome).toEqual(expected);
  expect(there).toBe("mutant");
});

it("without the mutant only that runs which had no time", async () => {
  expect((await meet([late, late], [passed])).ran).toEqual([
    "mutant: a.test.ts b.test.ts",
    "source: a.test.ts",
    "mutant: a.test.ts b.test.ts",
  ]);
});
