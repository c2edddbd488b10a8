/**
 * Messages that a relay of this build takes and drops into a folder on this machine, from a few clients at once that wait for nothing
 * but its replies: a relay of its own for some seconds, on loopback, with a data directory that is removed with it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import type { Measured } from "../../core/planning/ceilings.ts";

type Throughput = Pick<Measured, "messagesPerSecond" | "cpuMsPerMessage">;

const clients = 8;
const warmUpMs = 1_500;
const measuredMs = 3_000;
const startMs = 20_000;
/** Of /proc/PID/stat; as good as everywhere. */
const ticksPerSecond = 100;

/** `directory`: where its own is made. Rejects when it cannot be started. */
export async function measureThroughput(directory: string, messageBytes: number): Promise<Throughput> {
  const folder = await mkdtemp(join(directory, "weir-measure-"));
  const port = await freePort();
  await mkdir(join(folder, "data"));
  const file = join(folder, "weir.yaml");
  await writeFile(file, configurationOf(folder, port));
  const child = spawn(process.execPath, [process.argv[1] ?? "", "start", "--config", file], {
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  try {
    await listening(port, child);
    return await load(port, messageBytes, child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

function configurationOf(folder: string, port: number): string {
  return `hostname: measure.test
dataDirectory: ${JSON.stringify(join(folder, "data"))}
transport:
  maxConnectionRatePerMinute: unlimited
  trafficRecordEnabled: false
receiveConnectors:
  - name: Measure
    bindings: ["127.0.0.1:${port}"]
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + startMs;
  while (performance.now() < until && child.exitCode === null) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, "127.0.0.1");
      socket.once("connect", () => (socket.destroy(), resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("a relay to measure with could not be started");
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
