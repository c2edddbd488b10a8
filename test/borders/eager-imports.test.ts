/** A command answers at once because it loads little: what is heavy is imported where it is used. */
import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { eagerImports } from "../../scripts/eager-imports.ts";

const src = resolve(import.meta.dirname, "../../src");
const packagesOf = (file: string): string[] =>
  [...eagerImports(join(src, file)).packages.keys()].filter((name) => !name.startsWith("node:")).sort();

/** They read whole configurations. */
const readsConfigurations = /^cli\/run\/import\//;
const commands = readdirSync(join(src, "cli/run"), { recursive: true, encoding: "utf8" })
  .filter((file) => /(?<!\.test)\.ts$/.test(file))
  .map((file) => join("cli/run", file))
  .filter((file) => !readsConfigurations.test(file));

test.each(["cli/program.ts", ...commands])("%s loads no package", (file) => {
  expect(packagesOf(file)).toEqual([]);
});

test("what every command loads is of Node only what is there already", () => {
  const { packages } = eagerImports(join(src, "cli/program.ts"));
  expect([...packages.keys()].sort()).toEqual([
    "node:fs",
    "node:module",
    "node:path",
    "node:url",
    "node:util",
  ]);
});

test("a command that asks the relay loads of Node what it speaks through, and no HTTP", () => {
  const { packages } = eagerImports(join(src, "cli/run/queues.ts"));
  expect([...packages.keys()].sort()).toEqual(["node:fs", "node:net", "node:path", "node:util"]);
});

test("a start listens before it loads what people and HTTP clients want", () => {
  expect(packagesOf("cli/start.ts")).toEqual(["ipaddr.js", "lmdb", "lru-cache", "yaml", "zod"]);
});

const filesOf = (file: string): readonly string[] =>
  [...eagerImports(join(src, file)).files].map((path) => relative(src, path).replaceAll("\\", "/"));

test("what operations take and give is set up when one is asked for", () => {
  expect(filesOf("admin/open-admin.ts").filter((file) => file.startsWith("admin/contract"))).toEqual([]);
});

test("a command loads the table of its own file", () => {
  const tables = filesOf("cli/program.ts").filter((file) => file.startsWith("cli/cmdlets/"));
  expect(tables.sort()).toEqual(["cli/cmdlets/cmdlet-files.ts", "cli/cmdlets/common-parameters.ts"]);
});

test("sendmail, which is started for each mail, loads little", () => {
  expect(packagesOf("cli/sendmail/program.ts")).toEqual(["ipaddr.js"]);
});

test("a check loads the configuration's own", () => {
  expect(packagesOf("cli/check.ts")).toEqual(["ipaddr.js", "yaml", "zod"]);
});
