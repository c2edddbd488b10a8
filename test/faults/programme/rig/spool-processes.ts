/** Runs the scenario and the reader, each in a process of its own, and compares what was promised with what is there. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { scenarioMostMs } from "../scenario/patience.ts";
import type { ScenarioKind } from "../scenario/spool-scenario.ts";
import type { FoundInSpool } from "../scenario/spool-reader.ts";

export interface Promised {
  /** id → sha1 */
  readonly accepted: ReadonlyMap<number, string>;
  /** Ids that began to be finished, with a report or not, and those of them for which that was durable. */
  readonly finishing: ReadonlyMap<number, { readonly report: boolean; readonly durable: boolean }>;
  /** Its last word, such as `done`. */
  readonly last: string;
  readonly refused: number;
  /** Its programme was loaded. */
  readonly begun: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when patience ended it: its signal is ours then, not the fault's. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpoolProcesses {
  /** Runs the scenario on a directory, behind a command such as `strace …`. */
  scenario(
    directory: string,
    kind: ScenarioKind,
    under?: readonly string[],
  ): Promise<{ readonly promised: Promised; readonly ended: Ended }>;
  /** What the next process finds; else how it ended. */
  read(directory: string): Promise<FoundInSpool | Ended>;
}

/** Builds both programmes into the folder: one file of JavaScript starts ten times as fast as the sources do. */
export async function spoolProcesses(folder: string): Promise<SpoolProcesses> {
  const out = join(folder, "programmes");
  mkdirSync(out, { recursive: true });
  const sources = join(import.meta.dirname, "../scenario");
  for (const name of ["spool-scenario", "spool-reader"])
    await build({
      configFile: false,
      logLevel: "error",
      build: { ssr: join(sources, `${name}.ts`), outDir: out, emptyOutDir: false },
    });
  symlinkSync(join(import.meta.dirname, "../../../../node_modules"), join(out, "node_modules"));
  return {
    async scenario(directory, kind, under = []) {
      const ended = await run([...under, process.execPath, join(out, "spool-scenario.js"), directory, kind]);
      return { promised: promisedBy(ended.stdout), ended };
    },
    async read(directory) {
      const ended = await run([process.execPath, join(out, "spool-reader.js"), directory]);
      return ended.code === 0 ? (JSON.parse(ended.stdout) as FoundInSpool) : ended;
    },
  };
}

/** Longer than the scenario's own patience, which ends it with a word. */
const mostMs = scenarioMostMs + 30_000;

/** A command to its end, or for so long, with all it started. */
export function run([command = "", ...args]: readonly string[], forMs = mostMs): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // One thread in the pool: the calls come in the same order each time.
    const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
    const child: ChildProcess = spawn(command, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      if (child.pid === undefined) return;
      timedOut = true;
      process.kill(-child.pid, "SIGKILL");
    }, forMs);
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, timedOut, stdout, stderr });
    });
  });
}

/** How a reader ended that did not come to an answer. */
export const notReadText = ({ code, signal, timedOut, stderr }: Ended): string =>
  timedOut
    ? "gives no answer in time"
    : `does not open again (${signal ?? code}: ${stderr.trim().slice(0, 300)})`;

function promisedBy(stdout: string): Promised {
  const accepted = new Map<number, string>();
  const finishing = new Map<number, { report: boolean; durable: boolean }>();
  let refused = 0;
  // The last line may be cut; nobody has read a cut one.
  const lines = stdout.split("\n").slice(0, -1);
  for (const line of lines) {
    const [word = "", second = ""] = line.split(" ");
    if (/^[~-]R?$/.test(word))
      finishing.set(Number(second), { report: word.endsWith("R"), durable: word.startsWith("-") });
    else if (/^\d+$/.test(word)) accepted.set(Number(word), second);
    else if (word === "!") refused++;
  }
  return { accepted, finishing, refused, begun: lines.includes("begun"), last: lines.at(-1) ?? "" };
}

/** What an earlier and a later process promised of one directory. */
export function together(earlier: Promised, later: Promised): Promised {
  return {
    ...later,
    accepted: new Map([...earlier.accepted, ...later.accepted]),
    finishing: new Map([...earlier.finishing, ...later.finishing]),
  };
}

export interface Difference {
  /** Promised and neither there nor set aside and told. */
  readonly lost: readonly number[];
  /** There with other octets. */
  readonly wrong: readonly number[];
  /** There though finished, durably. */
  readonly again: readonly number[];
  /** Finished with a report that is not there. */
  readonly withoutReport: readonly number[];
}

export function compare(promised: Promised, found: FoundInSpool): Difference {
  const there = new Map(found.messages.map(({ id, sha1 }) => [id, sha1]));
  const reports = new Set(found.messages.map(({ report }) => Number(report ?? -1)));
  const aside = new Set(found.damaged);
  const lost: number[] = [];
  const wrong: number[] = [];
  for (const [id, sha1] of promised.accepted) {
    const is = there.get(id);
    if (is !== undefined && is !== sha1) wrong.push(id);
    if (is === undefined && !aside.has(id) && !promised.finishing.has(id)) lost.push(id);
  }
  const finished = [...promised.finishing];
  return {
    lost,
    wrong,
    again: finished.filter(([id, { durable }]) => durable && there.has(id)).map(([id]) => id),
    withoutReport: finished
      // Reports are messages themselves, and are finished before the scenario ends.
      .filter(
        ([id, { report }]) => report && !there.has(id) && !reports.has(id) && !reportsBegan(promised, id),
      )
      .map(([id]) => id),
  };
}

/** Whether messages younger than `id` that nobody accepted were finished: reports. */
function reportsBegan({ accepted, finishing }: Promised, id: number): boolean {
  return [...finishing.keys()].some((other) => other > id && !accepted.has(other));
}

/** A copy to be spoilt, without what the dead holder of the lock left. */
export function copyOf(template: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  cpSync(template, to, { recursive: true, filter: (source) => !lstatSync(source).isSocket() });
  return to;
}
