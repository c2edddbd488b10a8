import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../project.ts";
import { bundleFiles, loadedBy } from "./bundle.ts";
import { launcher } from "./launcher.ts";
import { runs } from "./modules.ts";

const linux = { platform: "linux", cpu: "x64" } as const;
const windows = { platform: "win32", cpu: "x64" } as const;

test.each([
  ["lmdb/node-index.js", linux, true],
  ["lmdb/package.json", linux, true],
  ["lmdb/LICENSE", linux, true],
  ["lmdb/README.md", linux, false],
  ["lmdb/index.d.ts", linux, false],
  ["lmdb/src/lmdb-js.h", linux, false],
  ["lmdb/dependencies/lmdb/libraries/liblmdb/mdb.c", linux, false],
  ["lmdb/util/when.js", linux, true],
  ["lmdb/rollup.config.js", linux, false],
  ["ordered-binary/.cache/x.js", linux, false],
  ["node-addon-api/LICENSE.md", linux, false],
  ["@lmdb/lmdb-linux-x64/node.napi.glibc.node", linux, true],
  ["@lmdb/lmdb-linux-x64/node.napi.musl.node", linux, false],
  ["@lmdb/lmdb-linux-x64/node.abi115.glibc.node", linux, false],
  ["@lmdb/lmdb-linux-arm64/node.napi.glibc.node", linux, false],
  ["@lmdb/lmdb-win32-x64/node.napi.node", windows, true],
  ["@lmdb/lmdb-linux-x64/node.napi.glibc.node", windows, false],
  [".package-lock.json", linux, false],
])("%s runs on %j: %s", (path, target, expected) => {
  expect(runs(path, target)).toBe(expected);
});

test("what a file of the bundle loads, at once and later", () => {
  const text = `import{a}from"./a-1.js";import "./b_2.js";await import("./c.js");require("./d.cjs");new URL("./e.js",x);import"lmdb"`;
  expect(loadedBy(text)).toEqual(["a-1.js", "b_2.js", "c.js", "d.cjs", "e.js"]);
});

test("the launcher names its Node and its configuration", () => {
  expect(launcher("#!/usr/bin/env node\ncode\n", { node: "/n", config: "/c" })).toBe(
    '#!/n\nprocess.env.WEIR_CONFIG ||= "/c";\ncode\n',
  );
  expect(() => launcher("code", { node: "/n", config: "/c" })).toThrow("no interpreter");
});

interface Door {
  readonly types: string;
  readonly default: string;
}

const isBuilt = await access(join(root, "dist/program.cjs")).then(
  () => true,
  () => false,
);
test.runIf(isBuilt)(
  "the library's doors open by import and by require, with types of their own",
  async () => {
    const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, { readonly import: Door; readonly require: Door }>>;
    };
    for (const name of [".", "./testing"]) {
      const door = exports[name];
      expect(door?.import.types).toMatch(/\.d\.mts$/);
      expect(door?.require.types).toMatch(/^\.\/dist\/types\/.*\.d\.ts$/);
      for (const file of [door?.import.default, door?.import.types, door?.require.default])
        await access(join(root, file ?? ""));
    }
  },
);

test.runIf(isBuilt)("of dist the package has what runs", async () => {
  const files = await bundleFiles(join(root, "dist"));
  for (const name of [
    "program.cjs",
    "sendmail.cjs",
    "search-worker.cjs",
    "replay-worker.cjs",
    "mime-worker.cjs",
    "console/index.html",
  ])
    expect(files).toContain(name);
  for (const name of ["index.cjs", "testing.cjs", "index.js", "testing.js"])
    expect(files).not.toContain(name);
  expect(files.filter((name) => name.startsWith("start-"))).not.toEqual([]);
});
