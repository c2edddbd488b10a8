/** `weir doctor`. */
import { counted } from "../../core/units/counted.ts";
import { isOn } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import type { Finding, FindingLevel } from "../doctor/finding.ts";
import { writeJson, type Style } from "../output/output.ts";

const styles: Readonly<Record<FindingLevel, Style>> = {
  bad: "bad",
  warning: "warning",
  note: "faint",
  good: "good",
};

export const doctor: Run = async (args, { output, config }) => {
  const { examine, patientOf } = await import("../doctor/examine.ts");
  const findings = await examine(await patientOf(config));
  if (isOn(args, "Json")) writeJson(output, findings);
  else {
    const width = Math.max(...findings.map(({ check }) => check.length));
    for (const { level, check, text, advice } of findings) {
      output.write(`${output.style(styles[level], level.padEnd(8))} ${check.padEnd(width)}  ${text}\n`);
      if (advice !== undefined) output.write(`${" ".repeat(9 + width)}  → ${advice}\n`);
    }
    output.write(`${summary(findings)}\n`);
  }
  return findings.some(({ level }) => level === "bad") ? 1 : 0;
};

function summary(findings: readonly Finding[]): string {
  const count = (level: FindingLevel): number => findings.filter((it) => it.level === level).length;
  const [bad, warnings] = [count("bad"), count("warning")];
  return bad + warnings === 0
    ? "nothing is wrong that can be seen from here"
    : `${counted(bad, "thing is", "things are")} wrong, ${counted(warnings, "is", "are")} worth a look`;
}
