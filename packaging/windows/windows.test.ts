import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../project.ts";
import { text } from "../tree.ts";
import { windowsTree } from "./windows-tree.ts";

const program = new Map([
  ["node.exe", text("")],
  ["bin/weir.js", text("")],
]);

test("the zip holds the program, its Node and the scripts", () => {
  expect([...windowsTree({ tree: program }).keys()]).toEqual([
    "README.md",
    "bin/weir.js",
    "install.ps1",
    "node.exe",
    "uninstall.ps1",
    "weir.cmd",
  ]);
});

/** No PowerShell parses them here; what can be seen without one. */
test.each(["install.ps1", "uninstall.ps1"])("%s is closed in all its brackets", async (name) => {
  const script = await readFile(join(root, "packaging/windows/files", name), "utf8");
  const bare = script
    .replaceAll(/<#[\s\S]*?#>/g, "")
    .replaceAll(/'[^'\n]*'|"[^"\n]*"/g, '""')
    .replaceAll(/#.*$/gm, "");
  const open: string[] = [];
  for (const [mark] of bare.matchAll(/[(){}[\]]/g)) {
    if ("({[".includes(mark)) open.push(mark);
    else expect(`${open.pop()}${mark}`).toMatch(/^(\(\)|\{\}|\[\])$/);
  }
  expect(open).toEqual([]);
});
