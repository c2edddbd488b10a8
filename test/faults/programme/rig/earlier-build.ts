/** The release before, out of the repository's history. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "../../../..");

/** Said to whoever asked for it, without a trace. */
export class NoEarlierBuild extends Error {}

/**
 * `from`; without it the latest tag that is not this very state, before there was one `firstRelease`; its program, built with the packages of this
 * state. Throws with a sentence for people where there is no such revision or it cannot be built.
 */
export function buildEarlier(
  folder: string,
  firstRelease: string,
  from?: string,
): { readonly ref: string; readonly program: string } {
  const git = (...args: string[]) => spawnSync("git", ["-C", repository, ...args], { encoding: "utf8" });
  const tags = git("describe", "--tags", "--abbrev=0", "HEAD^");
  const ref = from ?? (tags.status === 0 ? tags.stdout.trim() : firstRelease);
  if (git("rev-parse", "--quiet", "--verify", `${ref}^{commit}`).status !== 0)
    throw new NoEarlierBuild(
      `there is no revision ${ref} in this repository (a clone that is not whole has few)`,
    );
  mkdirSync(folder, { recursive: true });
  execFileSync("sh", ["-c", `git -C "$0" archive "$1" | tar -x -C "$2"`, repository, ref, folder]);
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  const built = spawnSync(process.execPath, ["scripts/build.mjs", "--no-types"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (built.status !== 0)
    throw new NoEarlierBuild(
      `${ref} cannot be built with the packages of this state: ${(built.stderr || built.stdout).trim().slice(-500)}`,
    );
  return { ref, program: join(folder, "bin/weir.js") };
}
