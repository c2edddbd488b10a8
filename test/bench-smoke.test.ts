/**
 * The bench still works: a load and some special benches, in tiny. How fast it was is not asserted.
 * `npm run bench -- --smoke --run all` tries the others too, in two minutes.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { tools } from "../bench/load.ts";
import { runs } from "../bench/runs/all.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const quick = ["lone", "idle"];

/** Ample: on a machine that does much else, some minutes pass. */
const timeoutMs = 600_000;

async function smoke(...args: readonly string[]): Promise<string> {
  const bench = ["--import", "tsx", "bench/run.ts", "--smoke", ...args];
  // It ends what it started when it is asked to end.
  const options = { cwd: root, timeout: timeoutMs - 10_000 };
  return (await promisify(execFile)(process.execPath, bench, options)).stdout;
}

describe.skipIf(!tools.every((tool) => existsSync(tool)))(
  "the bench (needs Debian's package postfix)",
  { timeout: timeoutMs },
  () => {
    it.concurrent("carries a small round of a load through Weir", async () => {
      const stdout = await smoke("--loads", "starttls");
      expect(stdout).toContain("| starttls |");
      expect(stdout.match(/^\| weir \|/gm)).toHaveLength(1);
    });

    const possible = runs
      .filter((run) => quick.includes(run.name) && run.missing?.() === undefined)
      .map(({ name }) => name);

    it.concurrent(`measures ${possible.join(", ")}`, async () => {
      const stdout = await smoke("--run", possible.join(","));
      expect(stdout.match(/^\| mark \| required \| measured \|/gm)).toHaveLength(possible.length);
      expect(stdout).not.toContain("NaN");
    });
  },
);
