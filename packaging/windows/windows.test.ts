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
    "paths.ps1",
    "uninstall.ps1",
    "weir.cmd",
  ]);
});

test.each(["install.ps1", "uninstall.ps1", "paths.ps1", "weir.cmd"])(
  "%s is as Windows' own readers want it",
  (name) => {
    const entry = windowsTree({ tree: program }).get(name);
    if (entry?.kind !== "file") throw new Error(`${name} is no file`);
    const content = String(entry.content);
    // PowerShell 5.1 takes a file without a mark for one in the machine's code page.
    // oxlint-disable-next-line no-control-regex -- what is not ASCII
    expect(content).toMatch(/^[\x00-\x7f]*$/);
    expect(content.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  },
);

/** No PowerShell parses them here; what can be seen without one. */
test.each(["install.ps1", "uninstall.ps1", "paths.ps1"])("%s is closed in all its brackets", async (name) => {
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

test("an upgrade that fails at the firewall or the path has started the relay before", async () => {
  const script = await readFile(join(root, "packaging/windows/files/install.ps1"), "utf8");
  const started = script.lastIndexOf("Start-Service -Name $name");
  for (const later of [
    "New-NetFirewallRule",
    "\nAdd-ToMachinePath",
    "-LiteralPath $before -Recurse -Force -ErrorAction",
  ])
    expect(script.indexOf(later), later).toBeGreaterThan(started);
});
