/** What the zip for Windows holds: the program with its node.exe, and the scripts that make a service of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../program/program-tree.ts";
import { root } from "../project.ts";
import { type Entry, joined, text, type Tree } from "../tree.ts";

const files = join(root, "packaging/windows/files");

/** Program Files may be elsewhere; the scripts say so themselves. */
export const windowsPlace = {
  folder: "C:/Program Files/Weir",
  config: "C:\\ProgramData\\Weir\\weir.yaml",
} as const;

/** With the line ends of Windows: cmd.exe reads others wrong. */
const withCrlf = (file: string): Entry => text(readFileSync(file, "utf8").replaceAll(/\r?\n/g, "\r\n"));

export function windowsTree({ tree }: Pick<Program, "tree">): Tree {
  return joined(
    tree,
    new Map(
      ["weir.cmd", "install.ps1", "uninstall.ps1", "paths.ps1"].map((name) => [
        name,
        withCrlf(join(files, name)),
      ]),
    ),
    new Map([["README.md", withCrlf(join(root, "docs/install-windows.md"))]]),
  );
}
