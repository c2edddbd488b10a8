/** What a person sees when a command is not done, and its exit code. */
import { AdminError, NoRelayError } from "../admin/client.ts";
import type { ConfigurationFault } from "../admin/contract.ts";
import { CommandFault, type ExitCode } from "./exit-code.ts";
import { writeJson, type Output } from "./output/output.ts";

export interface Asked {
  readonly json: boolean;
  /** As given with -Config. */
  readonly config: string | undefined;
  /** Of the cmdlet, by their names: what the admin API calls a field is nobody's word here. */
  readonly parameters?: readonly string[];
}

/** With -Json the reason goes to stdout as `{error: {code, message, faults?}}`, else to stderr. */
export function reportFault(fault: unknown, output: Output, asked: Asked): ExitCode {
  const { json } = asked;
  const told = describe(fault, asked);
  // In a pipe it is no object.
  if (json && output.collect === undefined)
    writeJson(output, { error: { code: told.code, message: told.message, ...told.more } });
  output.complain(`weir: ${[told.headline ?? told.message, ...told.lines].join("\n")}\n`);
  return told.exitCode;
}

/** A field of an input as the parameter that it came from: `learnMs` came from `-Learn`. */
function spokenPlace(path: string, parameters: readonly string[]): string {
  const name = path.replace(/(?:Ms|Bytes)$/, "").toLowerCase();
  const found = parameters.find((one) => [name, path.toLowerCase()].includes(one.toLowerCase()));
  return found === undefined ? path : `-${found}`;
}

/** `line`: in the file as it would be; 0 where the fault is not one of the file. */
function faultLine(
  { path, line, message, suggestion }: ConfigurationFault,
  parameters: readonly string[],
): string {
  const place = path === "" ? "" : `${line > 0 ? path : spokenPlace(path, parameters)}: `;
  const meant = suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
  return `  ${place}${message}${meant}${line > 0 ? ` (line ${line})` : ""}`;
}

interface Told {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  /** For people, where `lines` say the rest. */
  readonly headline?: string;
  readonly lines: readonly string[];
  readonly more?: object;
}

function describe(fault: unknown, { config, parameters = [] }: Asked): Told {
  if (fault instanceof NoRelayError) {
    const start = config === undefined ? "weir start" : `weir start --config ${config}`;
    return {
      exitCode: 3,
      code: fault.code,
      message: fault.message.replace(/; start it with: .*$/, ""),
      lines: fault.message.includes("no relay runs")
        ? [
            `  Start it with:   ${start}`,
            "  Another one is meant by --config FILE or the environment variable WEIR_CONFIG.",
          ]
        : [
            "  Run the command as the user the relay runs as, as root, or as a member of the group of admin.socketGroup.",
          ],
    };
  }
  if (fault instanceof AdminError) {
    const { code, message, faults } = fault;
    return {
      exitCode: code === "invalidInput" ? 2 : 1,
      code,
      message,
      headline:
        faults.length === 0
          ? message
          : code === "invalidInput"
            ? "not understood:"
            : "refused, and nothing was changed:",
      lines: faults.map((one) => faultLine(one, parameters)),
      ...(faults.length === 0 ? {} : { more: { faults } }),
    };
  }
  if (fault instanceof CommandFault) {
    return { exitCode: fault.exitCode, code: "refused", message: fault.message, lines: [] };
  }
  return {
    exitCode: 1,
    code: "fault",
    message: fault instanceof Error ? fault.message : String(fault),
    lines: [],
  };
}
