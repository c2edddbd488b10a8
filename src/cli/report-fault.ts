/** What a person sees when a command is not done, and its exit code. */
import { AdminError, NoRelayError } from "../admin/client.ts";
import type { ConfigurationFault } from "../admin/contract.ts";
import { CommandFault, type ExitCode } from "./exit-code.ts";
import { writeJson, type Output } from "./output/output.ts";

export interface Asked {
  readonly json: boolean;
  /** As given with -Config. */
  readonly config: string | undefined;
}

/** With -Json the reason goes to stdout as `{error: {code, message, faults?}}`, else to stderr. */
export function reportFault(fault: unknown, output: Output, { json, config }: Asked): ExitCode {
  const told = describe(fault, config);
  // In a pipe it is no object.
  if (json && output.collect === undefined)
    writeJson(output, { error: { code: told.code, message: told.message, ...told.more } });
  output.complain(`weir: ${[told.headline ?? told.message, ...told.lines].join("\n")}\n`);
  return told.exitCode;
}

/** `line`: in the file as it would be; 0 where the fault is not one of the file. */
function faultLine({ path, line, message, suggestion }: ConfigurationFault): string {
  const place = path === "" ? "" : `${path}: `;
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

function describe(fault: unknown, config: string | undefined): Told {
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
      lines: faults.map(faultLine),
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
