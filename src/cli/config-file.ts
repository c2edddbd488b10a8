/** Which configuration file a command means, and the one a newcomer gets. */
import { existsSync, rmSync, writeFileSync } from "node:fs";

export interface ChosenConfigFile {
  readonly file: string;
  /** It was named (--config, WEIR_CONFIG); false: the one that is looked for when nothing is said. */
  readonly chosen: boolean;
}

/** `--config FILE`, else WEIR_CONFIG, else `weir.yaml` in the current folder. */
export function chooseConfigFile(option: string | undefined): Promise<ChosenConfigFile> {
  const named = option ?? (process.env["WEIR_CONFIG"] || undefined);
  return Promise.resolve({ file: named ?? "weir.yaml", chosen: named !== undefined });
}

/**
 * Writes the commented default configuration, with what `WEIR_…` variables say. False: there is a file already, and it was
 * left alone. Rejects, and writes nothing, where the variables say something wrong.
 */
export async function writeDefaultConfig(file: string): Promise<boolean> {
  if (existsSync(file)) return false;
  const { firstConfig } = await import("../config/first-config.ts");
  const { parseConfig } = await import("../config/parse-config.ts");
  const { formatFault } = await import("../config/fault.ts");
  const text = firstConfig(process.env);
  const parsed = parseConfig(text, { file });
  if (!parsed.ok)
    throw new Error(
      [`${file} is not written, since the WEIR_… variables say what it cannot:`]
        .concat(parsed.faults.map((fault) => formatFault(fault, file)))
        .join("\n"),
    );
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o640 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    // Half a configuration is worse than none.
    rmSync(file, { force: true });
    const { fileFault } = await import("../ports/file-fault.ts");
    throw await fileFault(file, error);
  }
}
