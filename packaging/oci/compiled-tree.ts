/** What V8 compiles of the program, made by the image's own Node under the image's flags (docs/decisions/0074). */
import { mkdir, readdir, rm } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { run } from "../run-command.ts";
import type { Target } from "../target.ts";
import { copy, writeTree, type Tree } from "../tree.ts";

const folderOfCompiled = "dist/compiled";

/**
 * Paths as in `program`. No two makings give the same octets. Empty where this machine is none that runs the image's Node: the
 * program starts later without it, and no more. `scratch` must last as long as the tree is used; `seconds`: the time of all files, by
 * which the program knows what was compiled of which.
 */
export async function compiledTree(
  program: Tree,
  cpu: Target["cpu"],
  { scratch, seconds, flags }: { readonly scratch: string; readonly seconds: number; readonly flags: string },
): Promise<Tree> {
  if (cpu !== arch()) return new Map();
  const [folder, temporary] = ["program", "temporary"].map((name) => join(scratch, name)) as [string, string];
  for (const made of [folder, temporary]) await mkdir(made, { recursive: true });
  await writeTree(program, folder, seconds);
  await run(join(folder, "node"), [join(folder, "bin/compile.js")], {
    env: { NODE_OPTIONS: flags, TMPDIR: temporary },
  });
  await rm(temporary, { recursive: true, force: true });
  const files = await readdir(join(folder, folderOfCompiled), { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path.slice(folder.length + 1), copy(path)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
