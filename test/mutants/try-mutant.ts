/** Puts mutants into a copy of the tree, one after the other, and sees what the tests say. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { chooseTests } from "./choose-tests.ts";
import { type Equivalent, findEquivalent } from "./equivalent.ts";
import { type Swap, outcomeOf } from "./fall.ts";
import { type ImportGraph, distancesTo } from "./import-graph.ts";
import type { Mutant } from "./mutant.ts";
import { differenceOf, mutated } from "./mutations.ts";
import type { TestProcess } from "./test-process.ts";
import { type TreeCopy, writeIn } from "./tree-copy.ts";
import type { Verdict } from "./verdict.ts";

export interface Bench {
  readonly copy: TreeCopy;
  readonly tests: TestProcess;
}

/** The test files any of the mutants may meet. */
export function testsFor(
  mutants: readonly Mutant[],
  graph: ImportGraph,
  atMost: number,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...new Set(mutants.map(({ file }) => file))].map((file) => [
      file,
      chooseTests({ distances: distancesTo(file, graph), atMost, mutatedFile: file }),
    ]),
  );
}

/** What is known of tests without a mutant; found out when one fails first. */
export interface Trust {
  readonly sound: Set<string>;
  readonly broken: Set<string>;
}

export interface Trial {
  readonly verdict: Verdict;
  readonly by?: string;
}

export async function tryMutant(
  bench: Bench,
  mutant: Mutant,
  {
    chosen,
    trust,
    equivalents,
  }: {
    readonly chosen: readonly string[];
    readonly trust: Trust;
    readonly equivalents: readonly Equivalent[];
  },
): Promise<Trial> {
  const { file, source, mutation } = mutant;
  if (findEquivalent(file, differenceOf(source, mutation), equivalents)) return { verdict: "equivalent" };
  const tests = chosen.filter((test) => !trust.broken.has(test));
  if (tests.length === 0) return { verdict: "no test" };
  const { trial, failed } = await meet(bench, mutant, tests);
  if (failed === undefined || trust.sound.has(failed)) return trial;
  const asItIs = await bench.tests.run([failed]);
  if (typeof asItIs !== "string" && asItIs.failed === undefined) {
    trust.sound.add(failed);
    return trial;
  }
  trust.broken.add(failed);
  return tryMutant(bench, mutant, { chosen, trust, equivalents });
}

/** Most mutants fall to these; what passes them is shown to the compiler before the many that are further away. */
const nearest = 6;

interface Meeting {
  readonly trial: Trial;
  readonly failed: string | undefined;
}

async function meet(bench: Bench, mutant: Mutant, chosen: readonly string[]): Promise<Meeting> {
  const { copy, tests } = bench;
  const { file, source, mutation } = mutant;
  const write = (text: string): void => {
    writeIn(copy, file, text);
    tests.changed(file);
  };
  const swap: Swap = { mutant: () => write(mutated(source, mutation)), asItIs: () => write(source) };
  swap.mutant();
  try {
    const near = await fall(tests, chosen.slice(0, nearest), swap);
    if (near !== undefined) return near;
    const by = await refusal(copy, mutation.kind === "await" ? file : undefined);
    if (by !== undefined) return { trial: { verdict: "refused", by }, failed: undefined };
    const far = chosen.length > nearest ? await fall(tests, chosen.slice(nearest), swap) : undefined;
    return far ?? { trial: { verdict: "survived" }, failed: undefined };
  } finally {
    swap.asItIs();
  }
}

/** Undefined when all of them pass. */
async function fall(tests: TestProcess, chosen: readonly string[], swap: Swap): Promise<Meeting | undefined> {
  const answer = await outcomeOf(tests, chosen, swap);
  if (answer === "timeout" || answer === "no time") return { trial: { verdict: answer }, failed: undefined };
  if (answer === "died")
    return { trial: { verdict: "killed", by: "the end of the process" }, failed: undefined };
  if (answer.failed === undefined) return undefined;
  const { file: test, name } = answer.failed;
  return { trial: { verdict: "killed", by: test === undefined ? name : `${test}: ${name}` }, failed: test };
}

/** What `npm test` says before any test runs. The linter is asked for promises nobody waits for. */
async function refusal(copy: TreeCopy, linted: string | undefined): Promise<string | undefined> {
  const built = join(copy.scratch, "types.tsbuildinfo");
  if (
    !(await passes(copy, "tsc", [
      "-p",
      "tsconfig.json",
      "--noEmit",
      "--incremental",
      "--tsBuildInfoFile",
      built,
    ]))
  )
    return "the compiler";
  if (linted !== undefined && !(await passes(copy, "oxlint", ["--type-aware", "--deny-warnings", linted])))
    return "the linter";
  return undefined;
}

const passes = (copy: TreeCopy, program: string, args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(
      join(copy.root, "node_modules/.bin", program),
      args,
      { cwd: copy.root, timeout: 180_000 },
      (error) => resolve(error === null),
    );
  });
