/**
 * Messages that a relay of this build takes and drops into a folder on this machine, from a few clients at once that wait for nothing
 * but its replies: a relay of its own for some seconds, on loopback, with a data directory that is removed with it.
 */
import { spawn } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Measured } from "../../core/planning/ceilings.ts";

type Throughput = Pick<Measured, "messagesPerSecond" | "cpuMsPerMessage">;

const clients = 8;
const warmUpMs = 1_500;
const measuredMs = 3_000;
const startMs = 60_000;
/** Of /proc/PID/stat; as good as everywhere. */
const ticksPerSecond = 100;

/** `directory`: where its own is made. Rejects when it cannot be started. */
export async function measureThroughput(directory: string, messageBytes: number): Promise<Throughput> {
  const folder = await mkdtemp(join(directory, "weir-measure-"));
  await mkdir(join(folder, "data"));
  const file = join(folder, "weir.yaml");
  await writeFile(file, configurationOf(folder));
  const child = spawn(process.execPath, [process.argv[1] ?? "", "start", "--config", file], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  try {
    const port = await listening(child.stderr);
    return await load(port, messageBytes, child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

function configurationOf(folder: string): string {
  return `hostname: measure.test
dataDirectory: ${JSON.stringify(join(folder, "data"))}
transport:
  maxConnectionRatePerMinute: unlimited
  trafficRecordEnabled: false
receiveConnectors:
  - name: Measure
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
`;
}

/** The port that it got, as it says itself: one that was looked for before might be another program's by then. */
async function listening(said: Readable): Promise<number> {
  let text = "";
  const port = await new Promise<string | undefined>((resolve) => {
    const end = (found?: string): void => {
      clearTimeout(timer);
      resolve(found);
    };
    const timer = setTimeout(end, startMs);
    said.once("close", () => end());
    said.setEncoding("utf8").on("data", (piece: string) => {
      text = (text + piece).slice(-10_000);
      const [, found] = /Listening on 127\.0\.0\.1:(\d+) /.exec(text) ?? [];
      if (found !== undefined) end(found);
    });
  });
  // It goes on saying things, which nobody keeps.
  said.removeAllListeners("data").resume();
  if (port === undefined) throw new Error("a relay to measure with could not be started");
  return Number(port);
}

async function load(port: number, messageBytes: number, pid: number): Promise<Throughput> {
  let taken = 0;
  const sockets = Array.from({ length: clients }, () => sendForever(port, messageBytes, () => taken++));
  try {
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    const [before, cpuBefore, begun] = [taken, await cpuMsOf(pid), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, measuredMs));
    const [count, cpu] = [taken - before, await cpuMsOf(pid)];
    if (count === 0) throw new Error("the relay to measure with took nothing");
    return {
      messagesPerSecond: (count * 1000) / (performance.now() - begun),
      cpuMsPerMessage: cpuBefore === undefined || cpu === undefined ? undefined : (cpu - cpuBefore) / count,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** One message behind the other; each step waits for the reply to the one before. */
function sendForever(port: number, messageBytes: number, onTaken: () => void): Socket {
  const line = `${"x".repeat(70)}\r\n`;
  const body = `Subject: measured\r\n\r\n${line.repeat(Math.max(1, Math.round(messageBytes / line.length)))}.\r\n`;
  const steps = ["MAIL FROM:<a@measure.test>\r\n", "RCPT TO:<b@measure.test>\r\n", "DATA\r\n", body];
  const socket = createConnection(port, "127.0.0.1");
  let step = -1;
  let rest = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (octets: Buffer) => {
    const lines = (rest + octets.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const reply of lines) {
      if (!/^\d{3} /.test(reply)) continue;
      if (step === steps.length) onTaken();
      if (step === -1) socket.write("EHLO measure.test\r\n");
      else socket.write(steps[step % steps.length] ?? "");
      step = step === steps.length ? 1 : step + 1;
    }
  });
  return socket;
}

/** Undefined: this system does not tell. */
async function cpuMsOf(pid: number): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}
