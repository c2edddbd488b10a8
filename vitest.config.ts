import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where processes start and time passes: first, so that none of them is left over when all else is done. */
const slow = [/\/test\/(journeys|faults)\//, /\/test\/(bench|borders|console)/, /\/test\//];
const rank = ({ moduleId }: TestSpecification): number => {
  const at = slow.findIndex((pattern) => pattern.test(moduleId));
  return at === -1 ? slow.length : at;
};
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // LMDB is native code and journeys start child processes: no threads. The processes go on from file to file,
    // since loading the relay's modules anew for each costs more than most files' tests.
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    testTimeout: 40_000,
    hookTimeout: 40_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
  },
});
