/** The lines that were typed, over sessions; never one that may hold a password. */
import { appendFile, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

const mostLines = 1000;

/** Whether a line may be remembered at all. Rather one too few than a password on the disk. */
export function mayBeKept(line: string): boolean {
  return line.trim() !== "" && !/passw|pwd|secret|credential|token|passphrase/i.test(line);
}

/** In the user's state directory (XDG Base Directory Specification; %LOCALAPPDATA% on Windows). */
export function historyFile(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const state =
    platform === "win32"
      ? (env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"))
      : env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "weir", "history");
}

/** Newest first, as readline wants them. A file that cannot be read is none. */
export async function readHistory(file: string): Promise<readonly string[]> {
  try {
    const lines = (await readFile(file, "utf8")).split("\n").filter(mayBeKept);
    if (lines.length > 2 * mostLines)
      await writeFile(file, `${lines.slice(-mostLines).join("\n")}\n`, { mode: 0o600 });
    return lines.slice(-mostLines).reverse();
  } catch {
    return [];
  }
}

/** Readable by its owner alone. Where it cannot be written the line is remembered for this session only. */
export async function keepLine(file: string, line: string): Promise<void> {
  if (!mayBeKept(line)) return;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, `${line}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  } catch {
    // A shell without a memory is a shell.
  }
}
