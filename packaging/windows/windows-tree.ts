/** What the zip for Windows holds: the program with its node.exe, and the scripts that make a service of it. */
import { join } from "node:path";
import type { Program } from "../program/program-tree.ts";
import { root } from "../project.ts";
import { copy, joined, type Tree } from "../tree.ts";

const files = join(root, "packaging/windows/files");

/** Program Files may be elsewhere; the scripts say so themselves. */
export const windowsPlace = {
  folder: "C:/Program Files/Weir",
  config: "C:\\ProgramData\\Weir\\weir.yaml",
} as const;

export function windowsTree({ tree }: Pick<Program, "tree">): Tree {
  return joined(
    tree,
    new Map(["weir.cmd", "install.ps1", "uninstall.ps1"].map((name) => [name, copy(join(files, name))])),
    new Map([["README.md", copy(join(root, "docs/install-windows.md"))]]),
  );
}
