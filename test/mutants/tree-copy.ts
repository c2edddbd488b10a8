/** A copy of the working tree, with what is not committed yet, for a mutation to stand in. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface TreeCopy {
  readonly root: string;
  /** TMPDIR of its tests. */
  readonly scratch: string;
}

/** Files of the working tree, from its root, with slashes. */
export function filesOf(tree: string): readonly string[] {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  return execFileSync("git", list, { cwd: tree, encoding: "utf8", maxBuffer: 2 ** 26 })
    .split("\0")
    .filter((file) => file !== "" && existsSync(join(tree, file)));
}

export function copyTree(tree: string, files: readonly string[], into: string): TreeCopy {
  const [root, scratch] = [join(into, "tree"), join(into, "tmp")];
  mkdirSync(scratch, { recursive: true });
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(tree, file), join(root, file));
  }
  for (const made of ["node_modules", "dist"]) {
    if (existsSync(join(tree, made))) symlinkSync(join(tree, made), join(root, made));
  }
  return { root, scratch };
}

export const writeIn = (copy: TreeCopy, file: string, text: string): void =>
  writeFileSync(join(copy.root, file), text);
