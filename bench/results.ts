/** What was measured, where and of what: as JSON and as Markdown. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import type { Comparison } from "./compare.ts";
import { describeLoad } from "./loads.ts";

export interface Mark {
  readonly name: string;
  readonly value: string;
  readonly wanted: string;
  readonly met: boolean;
}

export interface Results {
  readonly command: string;
  readonly comparisons: readonly Comparison[];
  readonly marks: readonly Mark[];
  /** Tables of the special benches, in Markdown. */
  readonly sections: readonly string[];
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
const whole = (value: number): string => (Number.isFinite(value) ? Math.round(value).toString() : "–");
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** A Markdown table; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  return [row(head), row(head.map(() => "---")), ...rest.map(row)].join("\n");
}

export function comparisonTable({ load, toolsPerSecond, peers }: Comparison): string {
  const weir = peers.find(({ name }) => name === "weir")?.median.endToEndPerSecond ?? NaN;
  const rows = peers.map(({ name, readings, median }) => {
    const ends = readings.map(({ endToEndPerSecond }) => endToEndPerSecond);
    return [
      name,
      whole(median.acceptedPerSecond),
      whole(median.endToEndPerSecond),
      `${whole(Math.min(...ends))}–${whole(Math.max(...ends))}`,
      `${whole((100 * median.endToEndPerSecond) / toolsPerSecond)} %`,
      name === "weir" ? "" : `${(weir / median.endToEndPerSecond).toFixed(1)}×`,
      `${median.p50Ms.toFixed(1)} / ${median.p99Ms.toFixed(1)} / ${median.maxMs.toFixed(1)}`,
      whole(median.cpuMicrosPerMessage),
      megabytes(median.peakResidentBytes),
    ];
  });
  const head = [
    load.name,
    "accepted/s",
    "end to end/s",
    "spread",
    "of tools",
    "Weir is",
    "ms to 250: p50 / p99 / max",
    "CPU µs/msg",
    "peak MB",
  ];
  return `${describeLoad(load)}; tools back to back ${whole(toolsPerSecond)}/s\n\n${table([head, ...rows])}`;
}

export const marksTable = (marks: readonly Mark[]): string =>
  table([
    ["mark", "measured", "wanted", ""],
    ...marks.map(({ name, value, wanted, met }) => [name, value, wanted, met ? "met" : "**missed**"]),
  ]);

function machine(): Readonly<Record<string, string>> {
  const git = (...args: string[]): string => {
    try {
      return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return "unknown";
    }
  };
  const [first] = cpus();
  return {
    cpu: `${cpus().length} × ${first?.model.trim() ?? "unknown"}`,
    memory: `${megabytes(totalmem())} MB`,
    kernel: `Linux ${release()}`,
    node: process.versions.node,
    commit: git("rev-parse", "--short", "HEAD"),
    changed: git("status", "--porcelain", "--untracked-files=no", "src") === "" ? "no" : "yes",
    date: new Date().toISOString().slice(0, 16),
  };
}

export function resultsText(results: Results, head: Readonly<Record<string, string>>): string {
  const versions = new Set(results.comparisons.flatMap(({ peers }) => peers.map(({ version }) => version)));
  const facts = [head["cpu"], head["memory"], head["kernel"], `commit ${head["commit"] ?? ""}`, ...versions];
  return [
    `\`${results.command}\` on ${facts.join(", ")}; ${head["date"] ?? ""}`,
    ...(results.marks.length > 0 ? [marksTable(results.marks)] : []),
    ...results.comparisons.map(comparisonTable),
    ...results.sections,
  ].join("\n\n");
}

const begin = "<!-- bench:begin -->";
const end = "<!-- bench:end -->";

/** Writes bench/results/DATE.{json,md} and, when it has the markers, README.md. Returns the file's name. */
export function save(results: Results): string {
  const head = machine();
  const text = resultsText(results, head);
  const folder = fileURLToPath(new URL("./results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const name = (head["date"] ?? "").replaceAll(":", "");
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ machine: head, ...results }, undefined, 2)}\n`);
  writeFileSync(`${folder}${name}.md`, `${text}\n`);
  const readme = fileURLToPath(new URL("../README.md", import.meta.url));
  const old = readFileSync(readme, "utf8");
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from >= 0 && to > from)
    writeFileSync(readme, `${old.slice(0, from + begin.length)}\n\n${text}\n\n${old.slice(to)}`);
  return `bench/results/${name}.md`;
}
