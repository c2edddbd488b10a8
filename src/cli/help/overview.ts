/** `weir --help`: all commands by group, and how to begin. */
import { groups, type Cmdlet } from "../cmdlet.ts";
import { wrapped } from "../output/display-width.ts";
import type { Output } from "../output/output.ts";

const examples = [
  ["weir start", "start the relay; writes a commented weir.yaml if there is none"],
  ["weir check --config /etc/weir.yaml", "what is wrong with it, with lines and suggestions"],
  ["weir explain 192.168.7.12", "why does this server get errors, and which command helps"],
  ["weir Get-ReceiveConnector AppRelay", "every setting, defaults marked"],
  ["weir Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 40", ""],
  ["weir help Set-ReceiveConnector", "any command with its parameters and examples"],
] as const;

export function overview(
  cmdlets: readonly Cmdlet[],
  { width = 110, style }: Pick<Output, "width" | "style">,
): string {
  const lines = [
    "Weir takes mail from applications, keeps it safe, carries it on, and explains every limit.",
    "",
    "Usage: weir COMMAND [PARAMETERS]     names in any case; -Parameter value, -Parameter:value or --parameter value",
  ];
  for (const group of groups) {
    const ofGroup = cmdlets.filter((it) => it.group === group && it.hidden !== true);
    lines.push("", style("heading", group), ...commandList(ofGroup, { width }, cmdlets));
  }
  lines.push("", style("heading", "Examples"));
  for (const [command, text] of examples)
    lines.push(text === "" ? `  ${command}` : `  ${command.padEnd(36)}  ${text}`);
  lines.push(
    "",
    "Which relay: --config FILE, else the environment variable WEIR_CONFIG, else ./weir.yaml.",
    "Exit codes: 0 done, 1 refused with the reason, 2 wrong usage, 3 no relay to talk to.",
    "",
  );
  return lines.join("\n");
}

/** A line for each command, or more where the synopsis is long. `aligned`: those whose names stand in the same column. */
export function commandList(
  cmdlets: readonly Cmdlet[],
  { width = 110 }: Pick<Output, "width">,
  aligned: readonly Cmdlet[] = cmdlets,
): readonly string[] {
  const nameWidth = Math.max(...aligned.map(({ name }) => name.length));
  const room = Math.max(30, width - nameWidth - 4);
  return cmdlets.flatMap(({ name, synopsis }) => {
    const [first = "", ...more] = wrapped(synopsis, room);
    return [`  ${name.padEnd(nameWidth)}  ${first}`, ...more.map((text) => " ".repeat(nameWidth + 4) + text)];
  });
}
