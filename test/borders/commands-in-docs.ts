/** Commands that pages tell people to type in a POSIX shell, cut into words by one. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Lines of `sh` blocks that call weir, with what goes on in the next line behind a backslash. */
export function commandsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```(?:sh|bash)\n([^]*?)^```/gm)]
    .flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.replace(/^(?:\$ )?(?:sudo )?(?:docker exec \S+ )?(?:npx )?(?=weir\b)/, ""))
    .filter((line) => line.startsWith("weir "));
}

/** The words sh gives the program for each command; nothing is run but the cutting. */
export function wordsInShell(commands: readonly string[]): readonly (readonly string[])[] {
  const directory = mkdtempSync(join(tmpdir(), "weir-examples-"));
  try {
    const script = `weir() { printf '%s\\0' "$@" >&3; printf '\\1' >&3; }\n${commands.map((line) => `( ${line.replace(/ < \S+/, "")}\n)`).join("\n")}`;
    const { output } = spawnSync("/bin/sh", ["-c", script], {
      cwd: directory,
      env: { PATH: "" },
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const calls = String(output[3]).split("\u0001").slice(0, -1);
    return calls.map((call) => call.split("\0").slice(0, -1));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
