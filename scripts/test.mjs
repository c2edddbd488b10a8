// `npm test`: static checks, build, all tests. The last line is always "N passed, N failed, N skipped".
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { installPeers } from "./peers.mjs";
import { makeScratch } from "./scratch.mjs";

const color = process.stdout.isTTY ? (code, text) => `\u001b[${code}m${text}\u001b[0m` : (_, text) => text;
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** Runs an npm binary, or node; resolves with its exit code and, unless `show`, what it printed. */
function run(command, args, { show = false, env = process.env } = {}) {
  return new Promise((resolve) => {
    const [program, words] =
      command === "node" ? [process.execPath, args] : ["npx", ["--no-install", command, ...args]];
    const child = spawn(program, words, {
      stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
      env,
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

const faults = [];
async function check(name, command, args) {
  const since = Date.now();
  const { code, output } = await run(command, args);
  if (code === 0) console.log(`${color(32, "ok")}     ${name} (${seconds(since)})`);
  else faults.push(`${color(31, "failed")} ${name} (${seconds(since)})\n${output.trimEnd()}\n`);
}

const filters = process.argv.slice(2);
const started = Date.now();

const missing = await installPeers();
for (const { program, loses } of missing) console.log(`skipped: ${program} not installed (${loses})`);

await check("build", "node", ["scripts/build.mjs", "--no-types"]);
// These need nothing built, and tests that wait leave them time.
const checks = Promise.all([
  check("types", "tsc", ["-p", "tsconfig.json", "--noEmit"]),
  check("console types", "tsc", ["-p", "console/tsconfig.json"]),
  check("lint", "oxlint", ["--type-aware", "--deny-warnings"]),
  check("format", "oxfmt", ["--check", "."]),
  check("import borders", "tsx", ["scripts/check-borders.ts"]),
]);

const scratch = makeScratch();
const resultFile = join(scratch.folder, "result.json");
const vitest = await run(
  "vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${resultFile}`, ...filters],
  { show: true, env: { ...process.env, TMPDIR: scratch.leftovers } },
);
await checks;

let passed = 0;
let failed = 0;
let skipped = 0;
try {
  const result = JSON.parse(readFileSync(resultFile, "utf8"));
  for (const file of result.testResults) {
    let failedHere = 0;
    const skippedHere = [];
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") passed++;
      else if (status === "failed") failedHere++;
      else skippedHere.push(fullName);
    }
    // A file that breaks outside its tests reports none of them: that is one failure.
    if (file.status === "failed" && failedHere === 0) failedHere = 1;
    failed += failedHere;
    skipped += skippedHere.length;
    for (const name of skippedHere) console.log(`skipped: ${relative(".", file.name)}: ${name}`);
  }
} catch (error) {
  console.log(`vitest left no result: ${String(error)}`);
}
scratch.remove();
// Errors outside any test (an unhandled rejection, a crashed worker) show in the exit code alone.
if (vitest.code !== 0 && failed === 0) failed = 1;
if (passed === 0 && failed === 0) failed = 1;
for (const fault of faults) console.log(fault);
failed += faults.length;

console.log(`took ${seconds(started)}`);
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
