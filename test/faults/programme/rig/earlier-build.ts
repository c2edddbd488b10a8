/** The release before, out of the repository's history. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "../../../..");

/** The latest tag that is not this very state, before there was one `firstRelease`; its program, built. */
export function buildEarlier(
  folder: string,
  firstRelease: string,
): { readonly ref: string; readonly program: string } {
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" }).trim();
  const tags = spawnSync("git", ["-C", repository, "describe", "--tags", "--abbrev=0", "HEAD^"], {
    encoding: "utf8",
  });
  const ref = tags.status === 0 ? tags.stdout.trim() : firstRelease;
  git("rev-parse", "--verify", `${ref}^{commit}`);
  mkdirSync(folder, { recursive: true });
  execFileSync("sh", ["-c", `git -C "$0" archive "$1" | tar -x -C "$2"`, repository, ref, folder]);
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  execFileSync(process.execPath, ["scripts/build.mjs", "--no-types"], { cwd: folder, stdio: "ignore" });
  return { ref, program: join(folder, "bin/weir.js") };
}
