import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { waitMs } from "./test/setup/wait.ts";

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

const files = ["src/**/*.test.ts", "test/**/*.test.ts", "packaging/**/*.test.ts"];
const alone = ["src/**/*.mocked.test.ts", "src/**/*.alone.test.ts"];

export default defineConfig({
  test: {
    // LMDB is native code and journeys start child processes: no threads. The processes go on from file to file,
    // since loading the relay's modules anew for each costs more than most files' tests; but a mocked module would go
    // on as well, so what calls vi.mock has a process of its own, as has what measures its process.
    projects: [
      { extends: true, test: { name: "shared", include: files, exclude: alone, isolate: false } },
      { extends: true, test: { name: "alone", include: alone, isolate: true } },
    ],
    globalSetup: ["test/setup/built-threads.ts"],
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    // A second is not enough for what happens in another process, where two others want the same core.
    expect: { poll: { timeout: waitMs, interval: 10 } },
    setupFiles: ["test/setup/waits.ts"],
    // Only what hangs is to end by it: a machine that is busy otherwise may stand still for half a minute.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
  },
});
