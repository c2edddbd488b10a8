/** The table of a run, for the terminal and for docs/reliability.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatted } from "../../../scripts/formatted.ts";
import { between } from "../../../bench/between.ts";
import { type Machine, machineText } from "../../../bench/machine.ts";
import { table } from "../../../bench/tables.ts";
import { isGood, verdictOf } from "./part.ts";
import { parts } from "./parts/all.ts";
import type { PartResult } from "./run-part.ts";
import { head, merged, readSaved, type Row, savedText } from "./saved-table.ts";

export const tableOf = (results: readonly PartResult[]): string => table([head, ...rowsOf(results)]);

function rowsOf(results: readonly PartResult[]): readonly Row[] {
  return results.flatMap((result) =>
    "skipped" in result
      ? [[result.part, "left out", "", "", `needs ${result.skipped.join(", ")}`, "–"]]
      : result.findings.map((finding, index) => {
          const verdict = verdictOf(finding);
          return [
            index === 0 ? result.part : "",
            `${finding.control === true ? "control: " : ""}${finding.what}`,
            finding.count,
            finding.required,
            finding.measured,
            isGood(finding) ? verdict : `**${verdict}**`,
          ];
        }),
  );
}

/** True when every finding is as it must be. */
export const allGood = (results: readonly PartResult[]): boolean =>
  results.every((result) => "skipped" in result || result.findings.every(isGood));

const page = fileURLToPath(new URL("../../../docs/reliability.md", import.meta.url));

/** Parts that were not run keep their rows; one that was left out for want of tools, too. */
export async function save(
  results: readonly PartResult[],
  madeBy: { readonly command: string; readonly machine: Machine; readonly seed: number },
): Promise<void> {
  const { command, machine, seed } = madeBy;
  const ran = results.filter((result) => !("skipped" in result));
  const by = `\`${command}\` with seed ${seed} on ${machineText(machine)}.`;
  const before = readFileSync(page, "utf8");
  const order = parts.map(({ name }) => name);
  const text = between(
    before,
    "faults",
    savedText(merged(readSaved(savedIn(before)), rowsOf(ran), by, order)),
  );
  writeFileSync(page, await formatted(page, text));
}

function savedIn(text: string): string {
  return text.slice(text.indexOf("<!-- faults:begin -->"), text.indexOf("<!-- faults:end -->"));
}
