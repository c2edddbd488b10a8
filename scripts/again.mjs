// `npm run test:again`: test files many times each beside busy processes, to find what fails by chance before a release
// does. The last line is always "N runs, N failed"; a run is one of a file.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { makeScratch } from "./scratch.mjs";

const usage = `npm run test:again -- [--since REV] [--times N] [--busy N] [PATH...]

Runs test files again and again beside processes that do nothing but keep the cores busy.

  PATH...      files, or parts of their paths as vitest takes them; otherwise those changed since
  --since REV  which is the last tag unless said, or main 100 commits ago where there is none
  --times N    how often each runs (10)
  --busy N     busy processes (one for each core: the tests take as much again)`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    since: { type: "string" },
    times: { type: "string", default: "10" },
    busy: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", short: "h", default: false },
  },
});

function numberOf(name) {
  if (/^\d{1,6}$/u.test(options[name])) return Number(options[name]);
  console.error(`--${name} ${options[name]}: not a number\n\n${usage}`);
  process.exit(2);
}

/** What git prints; throws what it says on failure. */
const git = (...words) =>
  execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

function lastRelease() {
  try {
    return git("describe", "--tags", "--abbrev=0");
  } catch {
    const count = Number(git("rev-list", "--count", "--first-parent", "HEAD"));
    return `HEAD~${Math.min(100, count - 1)}`;
  }
}

/** Test files that differ from `revision` and are still there, those not committed yet too. */
function changedSince(revision) {
  const changed = git("diff", "--name-only", "--diff-filter=d", revision, "--", "*.test.ts");
  const untracked = git("ls-files", "--others", "--exclude-standard", "--", "*.test.ts");
  return [...new Set(`${changed}\n${untracked}`.split("\n"))].filter(
    (file) => file !== "" && existsSync(file),
  );
}

/** They end with this process however it ends: their channel to it closes. */
function startBusy(count) {
  const program = `
    process.on("disconnect", () => process.exit());
    (function turn() { const end = Date.now() + 50; while (Date.now() < end); setImmediate(turn); })();`;
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
  );
  return () => children.forEach((child) => child.kill("SIGKILL"));
}

/** What is to be ended when this is. */
let running;

/** One run of all the files; its result as vitest's JSON reporter writes it, what it printed, and its exit code. */
function runOnce(files, scratch) {
  const resultFile = join(scratch.folder, "result.json");
  const words = ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${resultFile}`];
  return new Promise((resolve) => {
    const child = spawn("npx", ["--no-install", ...words, ...files], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: scratch.leftovers, NO_COLOR: "1" },
    });
    running = child;
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => {
      let result;
      try {
        result = JSON.parse(readFileSync(resultFile, "utf8"));
      } catch {
        // It ended before it wrote one: what it printed says why.
      }
      resolve({ code: code ?? 1, output, result });
    });
  });
}

/** What failed in a file: each test with what was said, or the file itself where it breaks outside of them. */
function failuresOf({ assertionResults, status, message }) {
  const tests = assertionResults
    .filter((test) => test.status === "failed")
    .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join("\n")}`);
  return tests.length === 0 && status === "failed" ? [message || "failed outside of its tests"] : tests;
}

if (options.help) {
  console.log(usage);
  process.exit(0);
}
const times = numberOf("times");
const busy = numberOf("busy");
const since = options.since ?? (positionals.length === 0 ? lastRelease() : undefined);
const files = positionals.length > 0 ? positionals : changedSince(since);
console.log(
  positionals.length > 0
    ? `${files.join(" ")}: ${times} times beside ${busy} busy processes`
    : `${files.length} test files changed since ${since}: ${times} times beside ${busy} busy processes`,
);

/** By file: how often it ran and how often it failed. */
const table = new Map();
/** What fails outside of any file: an unhandled rejection, a worker that is gone. */
const outside = "(outside of the tests)";
const endBusy = startBusy(busy);
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
])
  process.once(signal, () => {
    // Of its own group: npx does not hand on what it is told.
    if (running?.pid !== undefined) process.kill(-running.pid, signal);
    endBusy();
    process.exit(code);
  });
for (let round = 1; files.length > 0 && round <= times; round++) {
  const scratch = makeScratch();
  const { code, output, result } = await runOnce(files, scratch);
  scratch.remove();
  const told = [];
  for (const entry of result?.testResults ?? []) {
    const name = relative(".", entry.name);
    const failures = failuresOf(entry);
    const { runs, failed } = table.get(name) ?? { runs: 0, failed: 0 };
    table.set(name, { runs: runs + 1, failed: failed + (failures.length > 0 ? 1 : 0) });
    told.push(...failures.map((text) => `failed: round ${round}: ${name}: ${text}`));
  }
  if (code !== 0 && (told.length === 0 || output.includes("Unhandled Errors"))) {
    const { failed } = table.get(outside) ?? { failed: 0 };
    table.set(outside, { runs: round, failed: failed + 1 });
    told.push(`failed: round ${round}: ${outside}\n${output.slice(-8_000)}`);
  }
  console.log(`round ${round}: ${result?.testResults.length ?? 0} files, ${told.length} failures`);
  for (const text of told) console.log(text);
}
endBusy();

const rows = [...table].toSorted(([, a], [, b]) => a.failed - b.failed);
const width = Math.max(4, ...rows.map(([name]) => name.length));
console.log(`\n${"file".padEnd(width)}  runs  failures`);
for (const [name, { runs, failed }] of rows)
  console.log(`${name.padEnd(width)}  ${String(runs).padStart(4)}  ${String(failed).padStart(8)}`);
const sum = (key) => rows.reduce((total, [, row]) => total + row[key], 0);
process.exitCode = sum("failed") === 0 ? 0 : 1;
console.log(`${sum("runs")} runs, ${sum("failed")} failed`);
