/** The system calls a run of the scenario makes on its directory: each is a place to kill it, or to fail. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScenarioKind } from "../scenario/spool-scenario.ts";
import type { SpoolProcesses } from "./spool-processes.ts";

export interface CallPoint {
  readonly call: string;
  /** The n-th in a thread, which is how strace counts. */
  readonly number: number;
}

/** Those that change files; `openat` only where it makes one. */
const calls = [
  "pwrite64",
  "pwritev",
  "write",
  "fdatasync",
  "fsync",
  "rename",
  "unlink",
  "link",
  "mkdir",
  "openat",
  "ftruncate",
  "fallocate",
] as const;

/**
 * Not `write` by itself: libuv wakes its threads by it, and gives up when that fails. It counts, and is struck, where it
 * goes to files that are always there.
 */
const writtenFiles = ["data.mdb", "lock.mdb", "journal/0", "journal/1"] as const;
const writtenPaths = (directory: string): readonly string[] =>
  writtenFiles.map((name) => join(directory, name));

/** Not with `--seccomp-bpf`: strace 6.1 does not count `when=` rightly then. */
export const strace = (call: string, action: string, directory: string): readonly string[] => [
  "strace",
  "-f",
  "-qq",
  ...(call === "write" ? writtenPaths(directory).flatMap((path) => ["-P", path]) : []),
  "-e",
  `trace=${call}`,
  "-e",
  `inject=${call}:${action}`,
  "-o",
  "/dev/null",
];

/** Watches one run. The pool has one thread, so that the next run makes the same calls, or nearly. */
export async function callPoints(
  processes: SpoolProcesses,
  directory: string,
  kind: ScenarioKind,
  folder: string,
): Promise<readonly CallPoint[]> {
  const log = join(folder, "calls");
  const { ended } = await processes.scenario(directory, kind, [
    "strace",
    "-f",
    "-y",
    "-qq",
    "--seccomp-bpf",
    "-o",
    log,
    "-e",
    `trace=${calls.join(",")}`,
  ]);
  if (ended.code !== 0)
    throw new Error(`the scenario under strace ended with ${ended.code}: ${ended.stderr}`);
  const counts = new Map<string, number>();
  const points = new Map<string, CallPoint>();
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const [, pid = "", call = ""] = /^(\d+) +([a-z0-9]+)\(/.exec(line) ?? [];
    if (call === "") continue;
    if (call === "write" && !writtenPaths(directory).some((path) => line.includes(`<${path}>`))) continue;
    const key = `${pid} ${call}`;
    const number = (counts.get(key) ?? 0) + 1;
    counts.set(key, number);
    if (!line.includes(directory) || (call === "openat" && !line.includes("O_CREAT"))) continue;
    points.set(`${call} ${number}`, { call, number });
  }
  return [...points.values()];
}

/** Of `points` so many, all kinds of calls among them, in an order the random numbers make. */
export function someOf<Point extends CallPoint>(
  points: readonly Point[],
  most: number,
  random: () => number,
): readonly Point[] {
  const mixed = points.map((point) => ({ point, at: random() })).toSorted((a, b) => a.at - b.at);
  const turns = new Map<string, number>();
  return mixed
    .map(({ point }) => {
      const turn = turns.get(point.call) ?? 0;
      turns.set(point.call, turn + 1);
      return { point, turn };
    })
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, most)
    .map(({ point }) => point);
}
