/** What `npm run mutants` prints. */
import type { Mutant } from "./mutant.ts";
import { differenceOf } from "./mutations.ts";
import { type Verdict, killedPercent, verdicts } from "./verdict.ts";

export interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export function describeMutant({ file, source, mutation }: Mutant): string {
  const { line, was, becomes } = differenceOf(source, mutation);
  return [
    `${file}:${line} (${mutation.kind})`,
    ...was.map((text) => `-${text}`),
    ...becomes.map((text) => `+${text}`),
  ].join("\n");
}

/** A Markdown table, a line for each folder of src/ and one for all. */
export function tableOf(results: readonly Result[]): string {
  const folderOf = ({ mutant }: Result): string => mutant.file.split("/", 2).join("/");
  const folders = [...new Set(results.map(folderOf))].toSorted();
  const rows = [
    ...folders.map((folder) =>
      row(
        folder,
        results.filter((result) => folderOf(result) === folder),
      ),
    ),
    row("all", results),
  ];
  const head = ["folder", "mutants", ...verdicts, "killed of those that count"];
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function row(name: string, results: readonly Result[]): readonly string[] {
  const found = results.map(({ verdict }) => verdict);
  const percent = killedPercent(found);
  return [
    name,
    String(found.length),
    ...verdicts.map((asked) => String(found.filter((verdict) => verdict === asked).length)),
    percent === undefined ? "" : `${percent} %`,
  ];
}
