/** What docs and help tell people to type in a POSIX shell, cut into words by one, and read as the program reads it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { bindArguments } from "../../src/cli/arguments/bind-arguments.ts";
import { findName } from "../../src/cli/arguments/find-name.ts";
import { cmdlets } from "../../src/cli/cmdlets/all.ts";
import { overview } from "../../src/cli/help/overview.ts";
import { commandsOf, wordsInShell } from "./commands-in-docs.ts";

const root = resolve(import.meta.dirname, "../..");
const pages = [
  "README.md",
  ...["docs", "docs/recipes"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  ),
].filter((name) => name.endsWith(".md"));

function faultsOf(words: readonly string[]): readonly string[] {
  const [name = "", ...rest] = words;
  if (["--help", "--version"].includes(name)) return [];
  const found = findName(name, cmdlets, { exactly: true });
  if (found.kind !== "found") return [`there is no command ${name}`];
  const bound = bindArguments(found.item, rest);
  return bound.ok ? bound.notes : bound.faults;
}

function expectUnderstood(commands: readonly string[]): void {
  const calls = wordsInShell(commands);
  expect(calls).toHaveLength(commands.length);
  const wrong = calls.flatMap((words, index) =>
    faultsOf(words).map((fault) => `${commands[index]}: ${fault}`),
  );
  expect(wrong).toEqual([]);
}

test.each(pages)("%s", (page) => {
  expectUnderstood(commandsOf(readFileSync(join(root, page), "utf8")));
});

test("weir help COMMAND, and weir --help", () => {
  const examples = cmdlets.flatMap(({ examples: some }) => some.map(({ command }) => command));
  const listed = overview(cmdlets, { width: 200, style: (_, text) => text })
    .split("\n")
    .map((line) => /^ {2}(weir .*?)(?: {2}.*)?$/.exec(line)?.[1] ?? "");
  const commands = [...examples, ...listed].filter((line) => line.startsWith("weir "));
  expect(commands.length).toBeGreaterThan(50);
  expectUnderstood(commands);
});

test("what sh takes for itself is noticed", () => {
  expect(wordsInShell(["weir Remove-Message -WithNDR $false -Confirm:$false"])).toEqual([
    ["Remove-Message", "-WithNDR", "-Confirm:"],
  ]);
  expect(faultsOf(["Remove-Message", "-WithNDR", "-Confirm:"])).toHaveLength(2);
});
