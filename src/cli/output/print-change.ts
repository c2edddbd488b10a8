/** What a change came to: each setting before and after, the file, what should be known. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, type Arguments } from "../arguments/value.ts";
import { padEnd, displayWidth } from "./display-width.ts";
import { writeJson, type Output } from "./output.ts";
import { exchangeName, settingText } from "./setting-text.ts";

export type Change = Answer<"setReceiveConnector">;

/**
 * `kinds`: what the settings are, by name, for durations and sizes. `subject`: `Receive connector AppRelay`. 1 when the
 * change is saved and a listener it asks for could not be opened.
 */
export function printChange(
  output: Output,
  args: Arguments,
  change: Change,
  {
    subject,
    kinds,
    ofConnectors = false,
  }: {
    readonly subject: string;
    readonly kinds: ReadonlyMap<string, string>;
    /** What changed is of connectors that `subject` does not name. */
    readonly ofConnectors?: boolean;
  },
): 0 | 1 {
  const { applied, whatIf, file, changes, diff, warnings, notices, needsRestart, notListening } = change;
  const exitCode = notListening.length > 0 ? 1 : 0;
  if (isOn(args, "Json")) {
    writeJson(output, change);
    return exitCode;
  }
  const lines: string[] = [];
  if (changes.length === 0 && diff === "") {
    lines.push(`${subject}: nothing to change, it is so already`);
  } else {
    lines.push(
      `${output.style("heading", subject)}${whatIf ? output.style("warning", "  (what if: nothing was changed)") : ""}`,
    );
    const names = changes.map(({ setting }) => shownName(setting, ofConnectors));
    const width = Math.max(0, ...names.map(displayWidth));
    for (const [index, { setting, before, after }] of changes.entries()) {
      const kind = kinds.get(setting.slice(setting.lastIndexOf(".") + 1));
      // All of its settings stand in the file, and in the difference.
      const [from, to] =
        isNamed(after) && before === null
          ? ["(none)", "new"]
          : [before, after].map((value) => settingText(value, kind) || "(none)");
      lines.push(
        `  ${padEnd(names[index] ?? "", width)}  ${from ?? ""} → ${output.style("changed", to ?? "")}`,
      );
    }
    if (diff !== "" && (whatIf || changes.length === 0)) lines.push(...diffLines(diff, output));
    else if (applied && changes.every(({ setting }) => needsRestart.includes(setting)))
      lines.push(output.style("faint", `  saved in ${file}`));
    else if (applied && exitCode === 0)
      lines.push(output.style("faint", `  in force now, and saved in ${file}`));
    else if (applied) lines.push(output.style("bad", `  saved in ${file}, but not listening:`));
    lines.push(
      ...notListening.map(({ binding, reason }) => `    ${output.style("bad", binding)}: ${reason}`),
    );
  }
  const seen = new Set<string>();
  for (const text of [...warnings.map(({ path, message }) => `${path}: ${message}`), ...notices]) {
    if (seen.has(text) || notListening.some(({ reason }) => text.includes(reason))) continue;
    seen.add(text);
    lines.push(`${output.style("warning", "note")}: ${text}`);
  }
  if (needsRestart.length > 0)
    lines.push(`${output.style("warning", "note")}: ${needsRestart.join(" and ")}: from the next start on`);
  output.write(`${lines.join("\n")}\n`);
  return exitCode;
}

/** A connector or application, not a setting of one. */
function isNamed(value: Change["changes"][number]["after"]): boolean {
  return typeof value === "object" && value !== null && "name" in value;
}

/**
 * `MaxMessageSize`; of several connectors `AppRelay MaxMessageSize`; of an address or a pattern
 * `SenderMailboxes["*@contoso.com"]`.
 */
function shownName(setting: string, ofConnectors: boolean): string {
  const [whole = setting, word = setting, key = ""] = /([^.[\]]+)(\["[^]*"\])?$/.exec(setting) ?? [];
  const name = `${exchangeName(word)}${key}`;
  const before = setting.slice(0, Math.max(setting.length - whole.length - 1, 0));
  if (/(?:^|\.)candidate$/.test(before)) return `Candidate ${name}`;
  const [, connector] = /^(?:receive|send)Connectors\.(.+)$/.exec(before) ?? [];
  return ofConnectors && connector !== undefined ? `${connector} ${name}` : name;
}

/** Of a unified diff. */
export function diffLines(diff: string, output: Output): readonly string[] {
  return diff
    .trimEnd()
    .split("\n")
    .map((line) => diffLine(line, output));
}

function diffLine(line: string, output: Output): string {
  const style = line.startsWith("+") ? "good" : line.startsWith("-") ? "bad" : "faint";
  return `  ${output.style(style, line)}`;
}
