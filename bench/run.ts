/** `npm run bench`: the same load through Weir and its peers in turn, as medians and ratios, and special benches. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Comparison, compare } from "./compare.ts";
import { endCleanly, onInterrupt } from "./interrupt.ts";
import { tools } from "./load.ts";
import { loadOf } from "./loads.ts";
import { describeMachine } from "./machine.ts";
import { type Measured, runMarks, runSpecial } from "./marks.ts";
import { type Options, help, readOptions } from "./options.ts";
import { progress } from "./progress.ts";
import type { RunResult } from "./runs/run.ts";
import { save } from "./save.ts";
import { comparisonText, marksText, runText } from "./tables.ts";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options.help) return console.log(help);
  assertPresent(options);
  endCleanly(options.minutes);
  const folder = mkdtempSync(join(tmpdir(), "weir-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  onInterrupt(remove);
  // For whatever makes temporary folders below here.
  process.env["TMPDIR"] = folder;
  const machine = describeMachine(folder);
  if (machine.fileSystem === "tmpfs")
    progress("TMPDIR is in memory: flushes cost nothing there; set it to a disk");
  try {
    const measured = await measureAll(options, folder);
    if (!options.save) return;
    const command = ["npm run bench --", ...args].join(" ");
    console.log(`\nsaved as ${await save({ command, machine, ...measured })}`);
  } finally {
    remove();
  }
}

function assertPresent({ peers }: Options): void {
  for (const tool of tools) {
    if (!existsSync(tool)) throw new Error(`${tool} is missing: install Debian's package postfix`);
  }
  for (const kind of peers) {
    const missing = kind.missing();
    if (missing !== undefined) throw new Error(`${kind.name} needs ${missing}`);
  }
}

async function measureAll(options: Options, folder: string): Promise<Measured> {
  if (options.marks) return runMarks({ ...options, folder });
  if (options.runs.length > 0) {
    const results: RunResult[] = [];
    for (const run of options.runs) {
      const result = await runSpecial(run, { ...options, folder });
      results.push(result);
      console.log(`\n${runText(result)}\n\n${marksText(result.marks)}`);
    }
    return { marks: [], comparisons: [], runs: results };
  }
  const { messages, rounds, peers, smoke, sizeBytes, sessions } = options;
  const comparisons: Comparison[] = [];
  for (const name of options.loads) {
    const load = loadOf(name, messages, {
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(sessions === undefined ? {} : { sessions }),
    });
    const comparison = await compare(peers, load, { rounds, folder, warmUp: !smoke });
    comparisons.push(comparison);
    console.log(`\n${comparisonText(comparison)}`);
  }
  return { marks: [], comparisons, runs: [] };
}

await main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
