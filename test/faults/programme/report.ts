/** The table of a run, for the terminal and for docs/reliability.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { between } from "../../../bench/between.ts";
import { type Machine, machineText } from "../../../bench/machine.ts";
import { table } from "../../../bench/tables.ts";
import { isGood, verdictOf } from "./part.ts";
import type { PartResult } from "./run-part.ts";

export function tableOf(results: readonly PartResult[]): string {
  const rows = results.flatMap((result) =>
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
  return table([["part", "what is done", "how often", "required", "measured", ""], ...rows]);
}

/** True when every finding is as it must be. */
export const allGood = (results: readonly PartResult[]): boolean =>
  results.every((result) => "skipped" in result || result.findings.every(isGood));

const page = fileURLToPath(new URL("../../../docs/reliability.md", import.meta.url));

export async function save(
  results: readonly PartResult[],
  madeBy: { readonly command: string; readonly machine: Machine; readonly seed: number },
): Promise<void> {
  const { command, machine, seed } = madeBy;
  const made = `Made by \`${command}\` with seed ${seed} on ${machineText(machine)}.`;
  const text = between(readFileSync(page, "utf8"), "faults", [tableOf(results), made].join("\n\n"));
  writeFileSync(page, await format(text, { ...(await resolveConfig(page)), filepath: page }));
}
