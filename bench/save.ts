/** Keeps results: bench/results/DATE-COMMIT.{json,md}, and the newest table in README.md. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { between } from "./between.ts";
import type { Comparison } from "./compare.ts";
import { type Machine, machineText } from "./machine.ts";
import type { Mark, RunResult } from "./runs/run.ts";
import { formatted } from "../scripts/formatted.ts";
import { comparisonText, marksText, runText } from "./tables.ts";

export interface Results {
  readonly command: string;
  readonly machine: Machine;
  readonly marks: readonly Mark[];
  readonly comparisons: readonly Comparison[];
  readonly runs: readonly RunResult[];
}

export function resultsText({ command, machine, marks, comparisons, runs }: Results): string {
  return [
    madeBy({ command, machine, comparisons }),
    ...(marks.length > 0 ? [marksText(marks)] : []),
    ...comparisons.map(comparisonText),
    ...runs.map(runText),
  ].join("\n\n");
}

/** The command, the machine, and the peers it does not tell the version of. */
function madeBy({
  command,
  machine,
  comparisons,
}: Pick<Results, "command" | "machine" | "comparisons">): string {
  const versions = comparisons.flatMap(({ peers }) => peers.map(({ version }) => version));
  const others = [...new Set(versions)].filter((version) => !/^(Weir|Postfix) /.test(version));
  return `Made by \`${command}\` on ${[machineText(machine), ...others].join(", ")}`;
}

const readme = fileURLToPath(new URL("../README.md", import.meta.url));

/**
 * Returns the name of the Markdown file. README.md takes the marks, or without them the comparisons, between its
 * markers; special runs alone leave it as it is.
 */
export async function save(results: Results): Promise<string> {
  const { machine, marks, comparisons } = results;
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = `${machine.date.replaceAll(":", "")}-${machine.commit}`;
  const write = async (file: URL | string, text: string): Promise<void> => {
    const filepath = typeof file === "string" ? file : fileURLToPath(file);
    writeFileSync(filepath, await formatted(filepath, text));
  };
  await write(new URL(`${name}.json`, folder), JSON.stringify(results));
  await write(
    new URL(`${name}.md`, folder),
    `# Bench of ${machine.date.slice(0, 10)}\n\n${resultsText(results)}\n`,
  );
  const saved = `bench/results/${name}.md`;
  const newest = marks.length > 0 ? [marksText(marks)] : comparisons.map(comparisonText);
  if (newest.length > 0) {
    const made = `${madeBy(results)}. All of it: [${name}](${saved}).`;
    await write(readme, between(readFileSync(readme, "utf8"), "bench", [...newest, made].join("\n\n")));
  }
  return saved;
}
