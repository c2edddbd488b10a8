/** Whether a mutant falls to some tests. A slow machine must not be taken for a test that notices. */
import type { Outcome, TestProcess } from "./test-process.ts";

/** Puts the mutant into the copy, or takes it out. */
export interface Swap {
  mutant(): void;
  asItIs(): void;
}

/** So often the tests are asked for without the mutant until they have the time to pass. */
const mostLooks = 3;

/**
 * The outcome with the mutant in place; "no time" where the tests stand still without it as well. One that is a matter of
 * time counts when it comes twice, and the same tests pass in between without the mutant.
 */
export async function outcomeOf(
  tests: TestProcess,
  chosen: readonly string[],
  swap: Swap,
): Promise<Outcome | "no time"> {
  const first = await tests.run(chosen);
  if (!isOfTime(first)) return first;
  const suspects = suspectsOf(first, chosen);
  for (let look = 0; look < mostLooks; look++) {
    swap.asItIs();
    const without = await tests.run(suspects).finally(() => swap.mutant());
    // What fails without it for another reason is no test to trust: the caller sees to that.
    if (!isOfTime(without)) return passes(without) ? tests.run(chosen) : first;
  }
  return "no time";
}

const isOfTime = (outcome: Outcome): boolean =>
  outcome === "timeout" || (typeof outcome !== "string" && outcome.failed?.byTime === true);

const passes = (outcome: Outcome): boolean => typeof outcome !== "string" && outcome.failed === undefined;

const suspectsOf = (outcome: Outcome, chosen: readonly string[]): readonly string[] =>
  typeof outcome === "string" || outcome.failed?.file === undefined ? chosen : [outcome.failed.file];
