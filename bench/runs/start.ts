/** How long a start takes and what a command costs, beside Node alone and Postfix. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "../bare-environment.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { fillSpool } from "../fill.ts";
import { median } from "../median.ts";
import type { Peer } from "../peers/peer.ts";
import { postfix } from "../peers/postfix.ts";
import { startWeir } from "../peers/weir.ts";
import { progress } from "../progress.ts";
import type { Run } from "./run.ts";

const program = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));
const mostStartMs = 250;
const mostCommandCpuMs = 60;
const messageBytes = 4096;

export const start: Run = {
  name: "start",
  about: "a start, empty and with the deepest of --queued waiting, and commands, beside node and Postfix",
  async run({ folder, queued, rounds, peers }) {
    const depth = Math.max(0, ...queued);
    const directories = ["weir", "postfix"].map((name) => join(folder, name)) as [string, string];
    for (const directory of directories) mkdirSync(directory, { recursive: true });
    const [directory, postfixDirectory] = directories;
    const config = join(directory, "weir.yaml");
    // Nobody: what waits, waits.
    const sinkPort = await freePort();
    const starts = new Map<string, number[]>();
    const started = async (what: string, begin: () => Promise<Peer>): Promise<Peer> => {
      const peer = await begin();
      starts.set(what, [...(starts.get(what) ?? []), peer.startMs ?? NaN]);
      return peer;
    };
    const hasPostfix = peers.includes(postfix);
    const commands = new Map<string, Cost[]>();
    const asked = (what: string, words: readonly string[]): void =>
      void commands.set(what, [...(commands.get(what) ?? []), costOf(words, config)]);
    const [empty, full] = ["weir start", `weir start, ${depth.toLocaleString("en")} waiting`];

    for (let round = 0; round < rounds; round++) {
      progress(`start: round ${round + 1} of ${rounds}`);
      const relay = await started(empty, () => startWeir({ directory, sinkPort }));
      const other = hasPostfix
        ? await started("postfix start", () => postfix.start({ directory: postfixDirectory, sinkPort }))
        : undefined;
      try {
        for (let turn = 0; turn < 5; turn++) {
          asked("node -e 1", [process.execPath, "-e", "1"]);
          asked("weir Get-Queue", [process.execPath, program, "Get-Queue"]);
          asked("weir sendmail -bp", [process.execPath, program, "sendmail", "-bp"]);
          if (other !== undefined)
            asked("postqueue -p", ["/usr/sbin/postqueue", "-c", join(postfixDirectory, "etc"), "-p"]);
        }
      } finally {
        await relay.stop();
        await other?.stop();
      }
    }
    await fillSpool(directory, depth, Buffer.alloc(messageBytes, "x".repeat(76) + "\r\n"));
    for (let round = 0; round < rounds; round++)
      await (await started(full, () => startWeir({ directory, sinkPort }))).stop();

    const node = commands.get("node -e 1") ?? [];
    const inNodes = (value: number, of: (cost: Cost) => number): string =>
      `${(value / median(node.map(of))).toFixed(1)} ×`;
    const cpuOfQueue = median((commands.get("weir Get-Queue") ?? []).map(cpu));
    return {
      title: "Starts and commands",
      table: [
        ["what", "wall ms", "of node -e 1", "CPU ms", "of node -e 1"],
        ...[...commands].map(([what, costs]) => {
          const [wallMs, cpuMs] = [median(costs.map(wall)), median(costs.map(cpu))];
          return [what, wallMs.toFixed(0), inNodes(wallMs, wall), cpuMs.toFixed(0), inNodes(cpuMs, cpu)];
        }),
        ...[...starts].map(([what, all]) => {
          const ms = median(all);
          return [what, ms.toFixed(0), inNodes(ms, wall), "", ""];
        }),
      ],
      notes: [
        "Medians. A start is from its process to its greeting, asked for every 5 ms; a command with its process, beside a relay that runs. Without NODE_EXTRA_CA_CERTS.",
      ],
      marks: [
        mark("a command's CPU (weir Get-Queue)", cpuOfQueue, mostCommandCpuMs),
        ...[empty, full].map((what) => mark(what, median(starts.get(what) ?? []), mostStartMs)),
      ],
    };
  },
};

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}
const wall = ({ wallMs }: Cost): number => wallMs;
const cpu = ({ cpuMs }: Cost): number => cpuMs;

/** As bash counts it: the process and those it began. */
function costOf(words: readonly string[], config: string): Cost {
  const timed = 'TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>&1; } 2>&1';
  const env = { ...bareEnvironment(), WEIR_CONFIG: config };
  const told = execFileSync("bash", ["-c", timed, "bash", ...words], { encoding: "utf8", env });
  const [real = NaN, user = NaN, system = NaN] = told
    .trim()
    .split(" ")
    .map((seconds) => Number(seconds.replace(",", ".")) * 1000);
  return { wallMs: real, cpuMs: user + system };
}

function mark(name: string, measuredMs: number, mostMs: number) {
  return {
    name,
    required: `≤ ${mostMs} ms on a quiet machine of 2 cores`,
    measured: `${measuredMs.toFixed(0)} ms`,
    met: measuredMs <= mostMs,
  };
}
