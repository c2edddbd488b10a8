/** What an import took, what differs here and why, what it could not take, and what is left to do. */
import type { Output as Answer } from "../../../admin/contract.ts";
import type { Finding, ImportedPart, Outcome, ToDo } from "../../../config/import/finding.ts";
import { isOn, type Arguments } from "../../arguments/value.ts";
import { wrapped } from "../../output/display-width.ts";
import { writeJson, type Output, type Style } from "../../output/output.ts";
import { diffLines } from "../../output/print-change.ts";
import { tableLines, type Column } from "../../output/table.ts";

export interface ImportReport {
  readonly parts: readonly ImportedPart[];
  /** Undefined: there is nothing to change. */
  readonly change: Answer<"editConfiguration"> | undefined;
  readonly toDo: readonly ToDo[];
  readonly isRunning: boolean;
}

export function printImport(output: Output, args: Arguments, report: ImportReport): void {
  const { parts, change, toDo } = report;
  if (isOn(args, "Json")) {
    writeJson(output, {
      parts: parts.map(({ title, skipped, findings }) => ({ title, skipped: skipped ?? null, findings })),
      change: change ?? null,
      toDo,
    });
    return;
  }
  const lines = parts.flatMap((part) => [...partLines(part, output), ""]);
  lines.push(...changeLines(report, output));
  if (toDo.length > 0)
    lines.push("", output.style("heading", "Left to do"), ...toDo.flatMap((each) => bullet(each, output)));
  output.write(`${lines.join("\n")}\n`);
}

const shown: Readonly<Partial<Record<Outcome, { readonly word: string; readonly style?: Style }>>> = {
  carriedOver: { word: "carried over", style: "good" },
  differs: { word: "differs here", style: "warning" },
  leftOut: { word: "left out", style: "bad" },
};
const order: readonly Outcome[] = ["carriedOver", "differs", "leftOut"];

const columns: readonly Column<Finding>[] = [
  { header: "Property", value: ({ property }) => property },
  {
    header: "Outcome",
    value: ({ outcome }) => shown[outcome]?.word ?? outcome,
    style: ({ outcome }) => shown[outcome]?.style,
  },
  { header: "Here, or why not", value: ({ text, value }) => text || value, wraps: true },
];

function partLines({ title, skipped, findings }: ImportedPart, output: Output): readonly string[] {
  const lines = [output.style("heading", title)];
  if (skipped !== undefined)
    lines.push(
      ...wrapped(`not imported: ${skipped}`, room(output)).map(
        (line) => `  ${output.style("warning", line)}`,
      ),
    );
  const rows = order.flatMap((outcome) => findings.filter((finding) => finding.outcome === outcome));
  if (rows.length > 0 && skipped === undefined)
    lines.push(...tableLines(columns, rows, output).map((line) => `  ${line}`));
  const byDefault = findings.filter(({ outcome }) => outcome === "default").map(({ property }) => property);
  if (byDefault.length > 0 && skipped === undefined)
    lines.push(
      ...wrapped(`The same here by default, not written: ${byDefault.join(", ")}`, room(output)).map(
        (line) => `  ${output.style("faint", line)}`,
      ),
    );
  return lines;
}

function room({ width }: Pick<Output, "width">): number {
  return Math.max(40, (width ?? 120) - 4);
}

function changeLines({ parts, change, isRunning }: ImportReport, output: Output): readonly string[] {
  if (change === undefined || change.diff === "")
    return [
      parts.some(({ skipped }) => skipped === undefined)
        ? "Nothing to change: it is so already"
        : "Nothing was imported",
    ];
  const { whatIf, applied, file, diff, warnings, notices, needsRestart, notListening } = change;
  const lines: string[] = [];
  if (whatIf) {
    lines.push(
      `${output.style("heading", file)}${output.style("warning", "  (what if: nothing was changed)")}`,
    );
    lines.push(...diffLines(diff, output));
  } else if (applied && notListening.length > 0) {
    lines.push(output.style("bad", `Saved in ${file}, but not listening:`));
    lines.push(...notListening.map(({ binding, reason }) => `  ${output.style("bad", binding)}: ${reason}`));
  } else if (applied) lines.push(`In force now, and saved in ${file}`);
  else lines.push(isRunning ? `Saved in ${file}` : `Saved in ${file}; no relay runs with it: weir start`);
  for (const text of new Set([...warnings.map(({ path, message }) => `${path}: ${message}`), ...notices]))
    lines.push(`${output.style("warning", "note")}: ${text}`);
  if (needsRestart.length > 0)
    lines.push(`${output.style("warning", "note")}: ${needsRestart.join(" and ")}: from the next start on`);
  return lines;
}

/** The command on a line of its own, to be copied. */
function bullet({ text, command }: ToDo, output: Output): readonly string[] {
  const lines = wrapped(text, room(output)).map((line, index) => `${index === 0 ? "  - " : "    "}${line}`);
  return command === undefined ? lines : [...lines, `      ${output.style("changed", command)}`];
}
