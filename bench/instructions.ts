/**
 * Instructions that a relay's event loop takes for a message, counted by valgrind: time that passes, other work on the machine and what
 * the processor's caches hold do not count. Nor does what the kernel does (system calls are told by perf-counters.ts), nor V8's helpers,
 * who compile and collect when it suits them. What a relay does in a second takes it half a minute.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { quantilesOf } from "./median.ts";
import type { Peer } from "./peers/peer.ts";
import { shuffled } from "./shuffled.ts";

/** Of each way before it is counted. */
const warmUpMessages = 8_000;
const warmUpAtOnce = 1_000;
const partMessages = 250;
const partsOfWay = 40;
/** Of its parts: above it are those in which something came that comes every so many seconds, which are many here. */
const quietPart = 0.25;
/** What is behind the last message is done by then. */
const settleMs = 300;

const prefix = "instructions";

export const countsInstructions = (): boolean =>
  ["valgrind", "callgrind_control"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

/**
 * A message, by each way, of one relay in turn in an order by `random`: what a quarter of the parts do not exceed. Takes some ten
 * minutes.
 */
export async function instructionsOf<Way>(
  ways: readonly Way[],
  {
    directory,
    random,
    start,
    send,
  }: {
    /** Its own and empty. */
    readonly directory: string;
    readonly random: () => number;
    /** `under`: comes before the program. */
    readonly start: (under: readonly string[]) => Promise<Peer>;
    /** Resolves when the next hop has them all. */
    readonly send: (peer: Peer, way: Way, messages: number) => Promise<void>;
  },
): Promise<ReadonlyMap<Way, number>> {
  const counts = new Map<Way, number[]>(ways.map((way) => [way, []]));
  const peer = await start([
    "valgrind",
    // Code is made, and made anew, while it runs.
    "--smc-check=all-non-file",
    "--fair-sched=yes",
    "--tool=callgrind",
    "--cache-sim=no",
    "--separate-threads=yes",
    `--callgrind-out-file=${join(directory, prefix)}`,
  ]);
  const through = async (way: Way, messages: number): Promise<void> => {
    await send(peer, way, messages);
    await delay(settleMs);
  };
  try {
    for (let sent = 0; sent < warmUpMessages; sent += warmUpAtOnce)
      for (const way of shuffled(ways, random)) await through(way, warmUpAtOnce);
    countedSoFar(peer.pid, directory);
    for (let part = 0; part < partsOfWay; part++) {
      for (const way of shuffled(ways, random)) {
        await through(way, partMessages);
        counts.get(way)?.push(countedSoFar(peer.pid, directory) / partMessages);
      }
    }
  } finally {
    await peer.stop();
  }
  return new Map([...counts].map(([way, parts]) => [way, quantilesOf(parts)(quietPart)]));
}

/** By the event loop's thread since it was asked before. */
function countedSoFar(pid: number, directory: string): number {
  const { status, stderr } = spawnSync("callgrind_control", ["--dump", String(pid)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`callgrind_control: ${stderr}`);
  let count = NaN;
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (/\.\d+-01$/.test(name)) count = instructionsIn(readFileSync(file, "utf8"));
    if (name.startsWith(`${prefix}.`)) rmSync(file);
  }
  return count;
}

/** Of a thread, as callgrind writes it. */
export function instructionsIn(text: string): number {
  return Number(/^summary: (\d+)/m.exec(text)?.[1] ?? NaN);
}
