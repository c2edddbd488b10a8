/** `npm run faults`: power cuts, kills, disks that fail, clocks that jump, and the rest; what was lost, as a table. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endCleanly, onInterrupt } from "../../../bench/interrupt.ts";
import { describeMachine } from "../../../bench/machine.ts";
import { help, readOptions } from "./options.ts";
import { allGood, save, tableOf } from "./report.ts";
import { NoEarlierBuild } from "./rig/earlier-build.ts";
import { type PartResult, runPart } from "./run-part.ts";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options.help) return console.log(help);
  endCleanly(options.minutes, "faults");
  const folder = mkdtempSync(join(tmpdir(), "weir-faults-"));
  // A database that is started below it is not root.
  chmodSync(folder, 0o711);
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  onInterrupt(remove);
  // For whatever makes temporary folders below here.
  process.env["TMPDIR"] = folder;
  const machine = describeMachine(folder);
  const command = ["npm run faults", ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
  console.log(`seed ${options.seed}`);
  try {
    const results: PartResult[] = [];
    for (const part of options.parts) {
      const result = await runPart(part, {
        rounds: options.rounds ?? (options.quick ? part.rounds.quick : part.rounds.usual),
        seed: options.seed,
        from: options.from,
        progress: (text) => process.stderr.write(`${part.name}: ${text}\n`),
      });
      results.push(result);
      if ("skipped" in result) console.log(`skipped: ${part.name} needs ${result.skipped.join(", ")}`);
      else process.stderr.write(`${part.name}: took ${(result.tookMs / 1000).toFixed(0)} s\n`);
      // After each part: what ends a long run early must not take all of it.
      if (options.save) await save(results, { command, machine, seed: options.seed });
    }
    console.log(`\n${tableOf(results)}`);
    if (!allGood(results)) process.exitCode = 1;
    if (options.save) console.log("\nsaved in docs/reliability.md");
  } finally {
    remove();
  }
}

await main()
  .catch((error: unknown) => {
    const told =
      error instanceof NoEarlierBuild ? error.message : error instanceof Error ? error.stack : undefined;
    console.error(`faults: ${told ?? String(error)}`);
    process.exitCode = 1;
  })
  // A connection or timer of a part must not keep it from ending.
  .finally(() => process.exit());
