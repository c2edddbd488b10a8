/**
 * What a process does beside taking time, by Linux's perf. Other work on the machine changes system calls too: a relay that has to wait
 * for its turn finds more to do at once.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

/** Instructions need counters of the processor, which virtual machines mostly do not have. */
const events = ["instructions:u", "raw_syscalls:sys_enter", "context-switches"] as const;

export type Counts = ReadonlyMap<string, number>;

/** Those of `events` that can be counted here; none without perf or the right to it. */
export function countableEvents(): readonly string[] {
  return events.filter((event) => {
    const { stderr, error } = spawnSync("perf", ["stat", "-x,", "-e", event, "true"], { encoding: "utf8" });
    return error === undefined && readCounts(stderr).has(event);
  });
}

/** Counts in all threads of a process while `work` goes on. Rejects when perf does not begin. */
export async function countedWhile(
  pid: number,
  countable: readonly string[],
  work: () => Promise<unknown>,
): Promise<Counts> {
  if (countable.length === 0) return new Map();
  const perf = spawn(
    "perf",
    ["stat", "-x,", "-e", countable.join(","), "-p", String(pid), "-D", "-1", "--control", "fd:3,4"],
    { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] },
  );
  const ended = once(perf, "exit");
  let said = "";
  perf.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const closed = perf.stderr === null ? undefined : once(perf.stderr, "close");
  try {
    await told(perf, "enable", ended);
    await work();
    await told(perf, "disable", ended);
  } finally {
    perf.kill("SIGINT");
    await Promise.all([ended, closed]);
  }
  return readCounts(said);
}

async function told(perf: ChildProcess, command: string, ended: Promise<unknown>): Promise<void> {
  const [orders, answers] = [perf.stdio[3] as Writable, perf.stdio[4] as Readable];
  const over = ended.then(() => {
    throw new Error("perf has ended");
  });
  // Looked at below, or of no interest any more.
  over.catch(() => undefined);
  orders.write(`${command}\n`);
  await Promise.race([once(answers, "data"), over]);
}

/** Of `perf stat -x,`: the number, its unit, the event. What cannot be counted is left out. */
export function readCounts(text: string): Counts {
  const counts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [number = "", , event] = line.split(",");
    if (event !== undefined && /^\d+$/.test(number)) counts.set(event, Number(number));
  }
  return counts;
}
