/** Where the relay that a command means keeps its data, and with it its socket. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { chooseConfigFile } from "./config-file.ts";
import { CommandFault } from "./exit-code.ts";

export interface MeantRelay {
  readonly configFile: string;
  readonly dataDirectory: string;
}

/** Rejects with CommandFault (exit code 3) when there is no configuration to read it from. */
export async function meantRelay(config: string | undefined): Promise<MeantRelay> {
  const { file, chosen } = await chooseConfigFile(config);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandFault(whyUnreadable(file, error as NodeJS.ErrnoException, chosen), 3);
  }
  return { configFile: file, dataDirectory: resolve(dirname(file), await dataDirectoryIn(text)) };
}

/** A line of its own with a plain or simply quoted value, which is how nearly every file has it. */
const simpleLine =
  /^dataDirectory[ \t]*:[ \t]+(?:"([^"\\]+)"|'([^']+)'|([^\s"'#&*!|>%@`{[,~-][^\n\r]*?))[ \t]*(?:[ \t]#.*)?\r?$/gm;

/** Of the file's text, which need not be faultless. Loads the YAML library only where the line is not a simple one. */
export async function dataDirectoryIn(text: string): Promise<string> {
  const [match, another] = text.matchAll(simpleLine);
  if (match !== undefined && another === undefined) return match[1] ?? match[2] ?? match[3]?.trim() ?? "data";
  if (!/^\s*[^#\s].*dataDirectory|^["'{]?dataDirectory/m.test(text)) return "data";
  const { readYaml } = await import("../config/yaml-source.ts");
  const source = readYaml(text);
  const root: unknown = source.ok ? source.value : undefined;
  const value: unknown =
    typeof root === "object" && root !== null && "dataDirectory" in root ? root.dataDirectory : undefined;
  return typeof value === "string" && value !== "" ? value : "data";
}

/** `chosen`: somebody named the file. */
export function whyUnreadable(
  file: string,
  { code, message }: Pick<NodeJS.ErrnoException, "code" | "message">,
  chosen: boolean,
): string {
  if (code === "EACCES" || code === "EPERM")
    return `${file} may not be read by this user: run the command as the user the relay runs as, or as root (sudo weir …); members of the group of admin.socketGroup may, too`;
  const reason = code === "ENOENT" ? `there is no ${file}` : `${file} cannot be read: ${message}`;
  const hint = chosen
    ? "check --config or WEIR_CONFIG"
    : "name the relay's configuration with --config FILE or WEIR_CONFIG, or start a relay here with: weir start";
  return `${reason}, so it is not known which relay is meant; ${hint}`;
}
