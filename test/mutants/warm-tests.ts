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
  maxWorkers: 1,
  sequence: { sequencer: AsAsked },
  testTimeout: 20_000,
  hookTimeout: 20_000,
  reporters: [
    {
      onTestCaseResult(test): void {
        process.send?.("alive" satisfies Alive);
        if (test.result().state === "failed") fail(test.module.relativeModuleId, test.fullName);
      },
      onTestModuleEnd(module): void {
        ended.add(module.relativeModuleId);
        if (module.state() === "failed") fail(module.relativeModuleId, "");
      },
    },
  ],
  onConsoleLog: () => false,
});

function fail(file: string, name: string): void {
  if (failed !== undefined) return;
  failed = { file, name };
  void vitest.cancelCurrentRun("test-failure");
}

async function run({ changed, tests }: Request): Promise<Answer> {
  failed = undefined;
  ended.clear();
  for (const file of changed) vitest.invalidateFile(join(root, file));
  vitest.state.filesMap.clear();
  vitest.state.idMap.clear();
  vitest.state.errorsSet.clear();
  const { unhandledErrors } = await vitest.runTestSpecifications(tests.map(specificationOf));
  failed ??= unhandledErrors.length > 0 ? { file: undefined, name: "an error outside the tests" } : undefined;
  const left = tests.filter((test) => !ended.has(test));
  return { failed, left: failed === undefined ? left : [] };
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
