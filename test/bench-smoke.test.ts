/** The bench still works: a small round of a few of its loads. How fast it was is not asserted. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { tools } from "../bench/load.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

it.skipIf(!tools.every((tool) => existsSync(tool)))(
  "carries a small round of each kind of client through Weir (needs Debian's package postfix)",
  async () => {
    const loads = ["connect", "starttls"];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "bench/run.ts", "--smoke", "--loads", loads.join(",")],
      { cwd: root },
    );
    for (const load of loads) expect(stdout).toContain(`| ${load} |`);
    expect(stdout.match(/^\| weir \|/gm)).toHaveLength(loads.length);
  },
  60_000,
);
