/** `npm run mutants`: whether the tests can fail. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { endCleanly, onInterrupt } from "../../bench/interrupt.ts";
import { seededRandom } from "../faults/random.ts";
import { parseEquivalents } from "./equivalent.ts";
import { readImportGraph } from "./import-graph.ts";
import { type Mutant, sampleMutants } from "./mutant.ts";
import { help, readOptions } from "./options.ts";
import { type Result, describeMutant, tableOf } from "./report.ts";
import { createTestProcess } from "./test-process.ts";
import { copyTree, filesOf } from "./tree-copy.ts";
import { type Bench, type Trust, testsFor, tryMutant } from "./try-mutant.ts";
import { killedPercent } from "./verdict.ts";

const tree = resolve(import.meta.dirname, "../..");
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(help);
  endCleanly(options.minutes, "mutants");
  console.log(`seed ${options.seed}`);

  const files = filesOf(tree);
  const mutants = sampleMutants(tree, files, options, seededRandom(options.seed));
  if (mutants.length === 0) throw new Error("nothing to mutate there");
  const graph = readImportGraph(
    tree,
    files.filter((file) => file.endsWith(".ts")),
  );
  const chosen = testsFor(mutants, graph, options.tests);
  const equivalents = parseEquivalents(readFileSync(join(import.meta.dirname, "equivalent.yaml"), "utf8"));

  const folder = mkdtempSync(join(tmpdir(), "weir-mutants-"));
  const benches: Bench[] = [];
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  onInterrupt(remove);
  try {
    for (let n = 0; n < Math.min(options.processes, availableParallelism(), mutants.length); n++) {
      const copy = copyTree(tree, files, join(folder, String(n)));
      benches.push({ copy, tests: createTestProcess(copy.root, copy.scratch) });
    }
    const results: Result[] = [];
    const progress = createProgress(mutants.length);
    const trust: Trust = { sound: new Set(), broken: new Set() };
    const waiting = [...mutants];
    const work = async (bench: Bench): Promise<void> => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const { verdict, by } = await tryMutant(bench, mutant, {
          chosen: chosen.get(mutant.file) ?? [],
          trust,
          equivalents,
        });
        results.push({ mutant, verdict });
        say(progress(mutant, verdict, by));
      }
    };
    onInterrupt(() => tell(results));
    await Promise.all(benches.map(work));
    for (const test of trust.broken) say(`left out, for it fails without a mutant: ${test}`);
    tell(results);
    const percent = killedPercent(results.map(({ verdict }) => verdict)) ?? 100;
    if (percent < options.leastPercent) process.exitCode = 1;
  } finally {
    await Promise.all(benches.map(({ tests }) => tests.end()));
    remove();
  }
}

function tell(results: readonly Result[]): void {
  for (const { mutant, verdict } of results) {
    if (verdict === "survived" || verdict === "no test")
      console.log(`\n${verdict}: ${describeMutant(mutant)}`);
  }
  console.log(`\n${tableOf(results)}`);
}

function createProgress(all: number): (mutant: Mutant, verdict: string, by?: string) => string {
  const since = performance.now();
  let done = 0;
  return (mutant, verdict, by) => {
    done++;
    const leftMinutes = (((performance.now() - since) / done) * (all - done)) / 60_000;
    const left = done === all ? "" : `, about ${leftMinutes.toFixed(leftMinutes < 3 ? 1 : 0)} min left`;
    const change = verdict === "survived" ? `\n${describeMutant(mutant)}` : ` ${mutant.file}`;
    return `[${done}/${all}${left}] ${verdict}${by === undefined ? "" : ` by ${by}`}:${change}`;
  };
}

await main()
  .catch((error: unknown) => {
    console.error(`mutants: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  })
  .finally(() => process.exit());
