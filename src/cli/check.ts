/** `weir check`: every fault and warning of the configuration, or that it is fine. */
import { ConfigurationFileError } from "../config/edit-file.ts";
import { type Fault, formatFault } from "../config/fault.ts";
import type { ConfigResult } from "../config/parse-config.ts";
import { chooseConfigFile } from "./config-file.ts";
import { type OpenedConfiguration, openConfiguration } from "./configuration-source.ts";

/** A person waits for it. */
const databasePatienceMs = 5_000;

export interface CheckOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Resolves with 0 when the relay would start with the file, else with 1. */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const { file, chosen } = await chooseConfigFile(options.config);
  let opened: OpenedConfiguration;
  try {
    opened = await openConfiguration(file, databasePatienceMs);
    opened.close();
  } catch (error) {
    const missing = isMissing(error);
    const hint = missing && !chosen ? "; weir init writes one" : "";
    const message = missing
      ? `there is no ${file}${hint}`
      : String(error instanceof Error ? error.message : error);
    if (options.json)
      print({ file, ok: false, faults: [{ path: "", line: 1, column: 1, message }], warnings: [] });
    else process.stderr.write(`weir: ${message}\n`);
    return 1;
  }
  const { parsed: result, store, shared } = opened;
  const place = shared?.isWritten === true ? store.place : file;
  if (options.json) print(jsonReport(place, result));
  else process.stdout.write(report(place, result));
  return result.ok ? 0 : 1;
}

function isMissing(error: unknown): boolean {
  const cause: unknown = error instanceof ConfigurationFileError ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function report(file: string, result: ConfigResult): string {
  const lines = (result.warnings ?? []).map((warning) => `${formatFault(warning, file)} (warning)`);
  if (result.ok) {
    const { receiveConnectors, sendConnectors } = result.settings;
    const parts = [
      counted(receiveConnectors.length, "receive connector"),
      counted(sendConnectors.length, "send connector"),
      ...(result.warnings.length > 0 ? [counted(result.warnings.length, "warning")] : []),
    ];
    lines.push(`${file}: fine, ${parts.join(", ")}`);
  } else {
    lines.push(...result.faults.map((fault) => formatFault(fault, file)));
    lines.push(`${file}: ${counted(result.faults.length, "fault")}`);
  }
  return `${lines.join("\n")}\n`;
}

interface Report {
  readonly file: string;
  readonly ok: boolean;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  readonly receiveConnectors?: readonly string[];
  readonly sendConnectors?: readonly string[];
}

function jsonReport(file: string, result: ConfigResult): Report {
  if (!result.ok) return { file, ok: false, faults: result.faults, warnings: result.warnings ?? [] };
  const { receiveConnectors, sendConnectors } = result.settings;
  return {
    file,
    ok: true,
    faults: [],
    warnings: result.warnings,
    receiveConnectors: receiveConnectors.map(({ name }) => name),
    sendConnectors: sendConnectors.map(({ name }) => name),
  };
}

function print(value: Report): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
