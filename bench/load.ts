/** One load: Postfix's smtp-source → the peer → Postfix's smtp-sink, timed at both ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Peer } from "./peers/peer.ts";
import { untilListening } from "./until-listening.ts";

export interface Load {
  readonly messages: number;
  readonly sizeBytes: number;
  readonly sessions: number;
  /** Connections are reused for many messages, or opened for each. */
  readonly reuse: boolean;
}

export interface Reading {
  readonly acceptedPerSecond: number;
  readonly endToEndPerSecond: number;
  /** Of the peer's whole process tree. */
  readonly cpuMicrosPerMessage: number;
}

const source = "/usr/sbin/smtp-source";
const sink = "/usr/sbin/smtp-sink";
export const tools: readonly string[] = [source, sink];
/** No load takes longer, or something is wrong. */
const patienceMs = 180_000;

export async function measure(
  peer: Pick<Peer, "port" | "pid">,
  sinkPort: number,
  load: Load,
): Promise<Reading> {
  const { messages } = load;
  // It ends by itself with the last message.
  const receiver = spawn(sink, ["-u", "nobody", "-M", String(messages), `127.0.0.1:${sinkPort}`, "1024"], {
    stdio: "ignore",
  });
  try {
    const drained = exited(receiver, "smtp-sink");
    // Looked at below, or of no interest any more.
    drained.catch(() => undefined);
    await untilListening(sinkPort);
    const cpuBefore = cpuMicros(peer.pid);
    const began = performance.now();
    await exited(send(peer.port, load), "smtp-source");
    const accepted = performance.now();
    await drained;
    const delivered = performance.now();
    const perSecond = (end: number): number => (messages * 1000) / (end - began);
    return {
      acceptedPerSecond: perSecond(accepted),
      endToEndPerSecond: perSecond(delivered),
      cpuMicrosPerMessage: (cpuMicros(peer.pid) - cpuBefore) / messages,
    };
  } finally {
    receiver.kill();
  }
}

/** The tools back to back: what no server between them can exceed. */
export async function measureTools(sinkPort: number, load: Load): Promise<number> {
  const receiver = spawn(sink, ["-u", "nobody", `127.0.0.1:${sinkPort}`, "1024"], { stdio: "ignore" });
  try {
    await untilListening(sinkPort);
    const began = performance.now();
    await exited(send(sinkPort, load), "smtp-source");
    return (load.messages * 1000) / (performance.now() - began);
  } finally {
    receiver.kill();
    await delay(100);
  }
}

function send(port: number, { messages, sizeBytes, sessions, reuse }: Load): ChildProcess {
  const numbers = ["-s", String(sessions), "-l", String(sizeBytes), "-m", String(messages)];
  const addresses = ["-f", "app@sender.test", "-t", "someone@dest.test"];
  return spawn(source, [...(reuse ? ["-d"] : []), ...numbers, ...addresses, `127.0.0.1:${port}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function exited(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill();
      reject(new Error(`${name} did not end within ${patienceMs / 1000} s`));
    }, patienceMs);
    child.once("exit", (code) => {
      clearTimeout(late);
      if (code === 0) resolve();
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}

const microsPerTick = 10_000;

/** CPU time of a process and all below it, ended children included. */
function cpuMicros(root: number): number {
  const processes = new Map<number, { parent: number; ticks: number }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      const [, parent = 0] = fields;
      const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
      processes.set(Number(entry), { parent, ticks });
    } catch {
      // It ended meanwhile.
    }
  }
  let ticks = 0;
  for (const [pid, { ticks: own }] of processes) {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = processes.get(at)?.parent) {
      if (at !== root) continue;
      ticks += own;
      break;
    }
  }
  return ticks * microsPerTick;
}
