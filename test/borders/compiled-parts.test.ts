/** What is kept compiled is used, and only for what it was made of. Needs the build. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const { NODE_OPTIONS: _, ...env } = process.env;

function node(script: string): unknown {
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8", env }));
}

test("a command compiles nothing that was compiled at the build", () => {
  const refused = node(`
    process.execArgv.length = 0;
    const parts = require(${JSON.stringify(join(root, "bin/parts.js"))});
    const silent = { write() {}, complain() {} };
    void parts.load("program.cjs").main(["Get-Queue", "--config", "/nowhere/weir.yaml"], silent).then(() => {
      const all = [...parts.scripts];
      process.stdout.write(JSON.stringify(all.filter(([, script]) => script.cachedDataRejected !== false).map(([name]) => name)));
    });`);
  expect(refused).toEqual([]);
});

test("a file that was changed and is as long as before is compiled anew; octets that are none are passed over", () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-parts-"));
  const file = join(folder, "dist/a.cjs");
  /** V8 has a memory of its own within a process. */
  const answer = (kept = "script.createCachedData()"): unknown =>
    node(`
      process.execArgv.length = 0;
      const { mkdirSync, writeFileSync } = require("node:fs");
      const { load, scripts, compiled } = require(${JSON.stringify(join(folder, "bin/parts.js"))});
      const answer = load("a.cjs").a();
      const [[key, script]] = scripts;
      mkdirSync(compiled, { recursive: true });
      writeFileSync(compiled + "/" + key, ${kept});
      process.stdout.write(JSON.stringify([answer, script.cachedDataRejected ?? "none"]));`);
  try {
    for (const name of ["bin", "dist"]) mkdirSync(join(folder, name));
    copyFileSync(join(root, "bin/parts.js"), join(folder, "bin/parts.js"));
    writeFileSync(file, "exports.a = () => 'one';");
    expect(answer()).toEqual(["one", "none"]);
    expect(answer()).toEqual(["one", false]);
    writeFileSync(file, "exports.a = () => 'two';");
    utimesSync(file, 1, 1);
    expect(answer("'no code'")).toEqual(["two", "none"]);
    expect(answer()).toEqual(["two", true]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
