/**
 * A process that keeps vitest warm: it is sent files that changed and tests to run, and answers with the first that
 * failed. Started by test-process.ts, with the tree's root as its argument.
 */
import { join } from "node:path";
import { createVitest, type TestSpecification } from "vitest/node";
import type { Alive, Answer, Request } from "./test-process.ts";

const root = process.argv[2] ?? ".";
let failed: Answer["failed"];
/** Test files of this run. */
const ended = new Set<string>();

/** The order asked for is the nearest first. */
class AsAsked {
  shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files);
  }
  sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files);
  }
}

const vitest = await createVitest("test", {
  root,
  watch: false,
  sequence: { sequencer: AsAsked },
  reporters: [
    {
      onTestCaseResult(test): void {
        process.send?.("alive" satisfies Alive);
        const { state, errors = [] } = test.result();
        if (state === "failed") fail(test.module.relativeModuleId, test.fullName, errors);
      },
      onTestModuleEnd(module): void {
        ended.add(module.relativeModuleId);
        const errors = [module, ...module.children.allSuites()].flatMap((each) => each.errors());
        if (module.state() === "failed") fail(module.relativeModuleId, "", errors);
      },
    },
  ],
  onConsoleLog: () => false,
});
// Each project has what vitest.config.ts says; options given above do not get there.
for (const { config } of vitest.projects)
  Object.assign(config, { maxWorkers: 1, testTimeout: 20_000, hookTimeout: 20_000 });

/** What vitest says of a test or a hook that has not ended in time. */
const ofTime = / timed out in \d+ms/;

function fail(file: string, name: string, errors: readonly { readonly message: string }[]): void {
  if (failed !== undefined) return;
  failed = { file, name, byTime: errors.some(({ message }) => ofTime.test(message)) };
  void vitest.cancelCurrentRun("test-failure");
}

async function run({ changed, tests }: Request): Promise<Answer> {
  failed = undefined;
  ended.clear();
  for (const file of changed) vitest.invalidateFile(join(root, file));
  vitest.state.filesMap.clear();
  vitest.state.idMap.clear();
  vitest.state.errorsSet.clear();
  for (const specifications of byProject(tests.map(specificationOf))) {
    const { unhandledErrors } = await vitest.runTestSpecifications([...specifications]);
    if (unhandledErrors.length > 0)
      failed ??= { file: undefined, name: "an error outside the tests", byTime: false };
    if (failed !== undefined) return { failed, left: [] };
  }
  return { failed, left: tests.filter((test) => !ended.has(test)) };
}

/** Neighbours of the same project together: vitest would run one project after the other, not the nearest first. */
function byProject(all: readonly TestSpecification[]): readonly (readonly TestSpecification[])[] {
  const runs: TestSpecification[][] = [];
  for (const each of all) {
    const last = runs.at(-1);
    if (last?.[0]?.project === each.project) last.push(each);
    else runs.push([each]);
  }
  return runs;
}

/** A file belongs to the first project that would find it. */
function specificationOf(test: string): TestSpecification {
  const path = join(root, test);
  const project = vitest.projects.find((each) => each.matchesTestGlob(path)) ?? vitest.getRootProject();
  return project.createSpecification(path);
}

process.on("message", (request: Request) => {
  void run(request).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
