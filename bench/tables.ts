/** What was measured, as Markdown. */
import type { Comparison } from "./compare.ts";
import { describeLoad } from "./loads.ts";
import type { Mark, RunResult } from "./runs/run.ts";

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
const whole = (value: number): string => (Number.isFinite(value) ? Math.round(value).toString() : "–");
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  return [row(head), row(head.map(() => "---")), ...rest.map(row)].join("\n");
}

export function comparisonText({ load, toolsPerSecond, peers }: Comparison): string {
  const weir = peers.find(({ name }) => name === "weir")?.median.endToEndPerSecond ?? NaN;
  const rows = peers.map(({ name, readings, median, eventLoopLagP99Ms }) => {
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
      eventLoopLagP99Ms === undefined ? "" : eventLoopLagP99Ms.toFixed(1),
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
    "event-loop lag p99 ms",
  ];
  return `${describeLoad(load)}; tools back to back ${whole(toolsPerSecond)}/s\n\n${table([head, ...rows])}`;
}

export const marksText = (marks: readonly Mark[]): string =>
  table([
    ["mark", "required", "measured", ""],
    ...marks.map(({ name, required, measured, met, isNotShown }) => [
      name,
      required,
      measured,
      met ? "met" : isNotShown ? "**not shown**" : "**missed**",
    ]),
  ]);

export const runText = ({ title, table: rows, notes }: RunResult): string =>
  [`**${title}**`, table(rows), ...notes].join("\n\n");
