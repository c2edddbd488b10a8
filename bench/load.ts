/** One load: a client → the peer → a sink, timed at both ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { type ClientResult, runClient } from "./client.ts";
import { runHttpClient } from "./http-client.ts";
import type { Peer } from "./peers/peer.ts";
import { cpuMicros, watchPeak } from "./process-tree.ts";
import type { RunningSink } from "./running-sink.ts";
import { type OwnSink, startOwnSink } from "./own-sink.ts";
import type { SmallInternet } from "./small-internet.ts";
import { untilListening } from "./until-listening.ts";

export interface Load {
  readonly name: string;
  readonly messages: number;
  readonly sizeBytes: number;
  readonly sessions: number;
  /** Connections are reused for many messages, or opened for each. */
  readonly reuse: boolean;
  readonly recipients: number;
  /** The bench's own client sends, as for the next two. */
  readonly ownClient?: boolean;
  /** STARTTLS in; the bench's own client sends, for smtp-source cannot. */
  readonly startTls?: boolean;
  /** Handed in by HTTP where the peer speaks it, else by SMTP; the bench's own clients send. */
  readonly http?: boolean;
  /** Spread over this many domains, delivered by MX record to `sites`; the bench's own client sends. */
  readonly destinations?: number;
  readonly sites?: number;
  /** To this one domain; the bench's own client sends. */
  readonly domain?: string;
  /** The sink waits as long before each of its writes. */
  readonly sinkDelayMs?: number;
  /** So many messages at most between client and sink, of a load to a small Internet: no peer builds up a backlog. */
  readonly mostUnderWay?: number;
  /** No more than so many messages a second, evenly spaced; beside `mostUnderWay`. Left out: as fast as they are taken. */
  readonly perSecond?: number;
  /** Connections to the sink at most, of each peer. Left out: what serves it best. */
  readonly nextHopConnections?: number;
}

export interface Reading {
  readonly acceptedPerSecond: number;
  readonly endToEndPerSecond: number;
  /** Of the peer's whole process tree. */
  readonly cpuMicrosPerMessage: number;
  /** Of the peer's whole process tree. */
  readonly peakResidentBytes: number;
  /** From the last octet of a message to its 250, beside the load; in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const source = "/usr/sbin/smtp-source";
const sink = "/usr/sbin/smtp-sink";
export const tools: readonly string[] = [source, sink];
/** No load takes longer, or something is wrong. */
const patienceMs = 180_000;
/** The probe's share of the load is small: a few connections, one message after another. */
const probeConnections = 3;

/**
 * smtp-sink, which ends by itself with the last of `messages`: it has that one, and the sender, who gets no reply any
 * more, keeps it for later.
 */
export async function startSink(port: number, messages?: number): Promise<RunningSink> {
  const count = messages === undefined ? [] : ["-M", String(messages)];
  // Only root may, and then must, name a user.
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn(sink, [...user, ...count, `127.0.0.1:${port}`, "1024"], { stdio: "ignore" });
  const drained = exited(child, "smtp-sink", 3_600_000);
  // Looked at by the caller, or of no interest any more.
  drained.catch(() => undefined);
  await untilListening(port);
  return { drained, stop: () => void child.kill() };
}

const usesOwnClient = (load: Load): boolean =>
  load.ownClient === true ||
  load.http === true ||
  load.startTls === true ||
  (load.destinations ?? load.domain) !== undefined;

/** Runs the load once through the peer. Rejects when a message is refused or does not arrive. */
export async function measure(
  peer: Pick<Peer, "port" | "pid" | "httpPort">,
  sinkPort: number,
  load: Load,
  internet?: SmallInternet,
): Promise<Reading> {
  const { messages } = load;
  const probing = !usesOwnClient(load);
  // Messages of the probe arrive too: the sink's end is reckoned by what was sent in all.
  const probeMessages = probing ? Math.max(3, Math.min(300, Math.ceil(messages / 20))) : 0;
  const total = messages + probeMessages;
  const receiver = await receiverOf(sinkPort, load, total, internet);
  const memory = watchPeak(peer.pid);
  try {
    const cpuBefore = cpuMicros(peer.pid);
    const began = performance.now();
    let latency: ClientResult;
    let acceptedMs: number;
    if (probing) {
      const probe = runClient({
        ...load,
        port: peer.port,
        messages: probeMessages,
        connections: Math.min(probeConnections, probeMessages),
        reuse: true,
      });
      const sent = exited(send(peer.port, load), "smtp-source", patienceMs).then(() => performance.now());
      const [end, result] = await Promise.all([sent, probe]);
      acceptedMs = end - began;
      latency = result;
    } else {
      const byHttp = load.http === true ? peer.httpPort : undefined;
      latency = await (byHttp === undefined ? runClient : runHttpClient)({
        ...load,
        port: byHttp ?? peer.port,
        connections: load.sessions,
        ...(load.mostUnderWay !== undefined &&
          internet !== undefined && { room: roomFor(load.mostUnderWay, internet.sinks, load.perSecond) }),
      });
      acceptedMs = performance.now() - began;
    }
    await within(receiver.drained, patienceMs);
    const deliveredMs = performance.now() - began;
    return {
      acceptedPerSecond: (messages * 1000) / acceptedMs,
      endToEndPerSecond: (total * 1000) / deliveredMs,
      cpuMicrosPerMessage: (cpuMicros(peer.pid) - cpuBefore) / total,
      peakResidentBytes: memory.stop(),
      p50Ms: latency.at(0.5),
      p99Ms: latency.at(0.99),
      maxMs: latency.at(1),
    };
  } finally {
    memory.stop();
    receiver.stop();
  }
}

function roomFor(most: number, sinks: OwnSink, perSecond = Infinity): () => Promise<void> {
  const before = sinks.received;
  const began = performance.now();
  let begun = 0;
  return async () => {
    while (begun - (sinks.received - before) >= most) await sinks.more(1);
    const dueInMs = began + (begun++ * 1000) / perSecond - performance.now();
    // No timer is shorter.
    if (dueInMs >= 1) await delay(dueInMs);
  };
}

/** Where the load ends. */
async function receiverOf(
  sinkPort: number,
  { sinkDelayMs: delayMs }: Load,
  messages: number,
  internet: SmallInternet | undefined,
): Promise<RunningSink> {
  if (internet !== undefined) return { drained: internet.sinks.more(messages), stop: () => undefined };
  if (delayMs === undefined) return await startSink(sinkPort, messages);
  const slow = await startOwnSink({ addresses: ["127.0.0.1"], port: sinkPort, delayMs });
  return { drained: slow.more(messages), stop: () => slow.stop() };
}

/** The tools back to back: what no server between them can exceed. */
export async function measureTools(sinkPort: number, load: Load, internet?: SmallInternet): Promise<number> {
  const receiver = internet === undefined ? await startSink(sinkPort) : undefined;
  try {
    const began = performance.now();
    if (usesOwnClient(load)) {
      const { startTls: _, ...plain } = load;
      const to =
        internet === undefined ? { port: sinkPort } : { port: internet.mxPort, host: internet.anySite };
      await runClient({ ...plain, ...to, connections: load.sessions });
    } else {
      await exited(send(sinkPort, load), "smtp-source", patienceMs);
    }
    return (load.messages * 1000) / (performance.now() - began);
  } finally {
    receiver?.stop();
    await delay(100);
  }
}

function send(port: number, { messages, sizeBytes, sessions, reuse, recipients }: Load): ChildProcess {
  const numbers = [
    "-s",
    String(Math.min(sessions, messages)),
    "-l",
    String(sizeBytes),
    "-m",
    String(messages),
  ];
  const addresses = ["-f", "app@sender.test", "-t", "someone@dest.test", "-r", String(recipients)];
  return spawn(source, [...(reuse ? ["-d"] : []), ...numbers, ...addresses, `127.0.0.1:${port}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Sends the load with smtp-source, whatever becomes of it. Returns the messages accepted per second. */
export async function accept(port: number, load: Load): Promise<number> {
  const began = performance.now();
  await exited(send(port, load), "smtp-source", patienceMs);
  return (load.messages * 1000) / (performance.now() - began);
}

async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  const late = delay(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`not all mail arrived within ${timeoutMs / 1000} s`);
  });
  await Promise.race([work, late]);
}

function exited(child: ChildProcess, name: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill();
      reject(new Error(`${name} did not end within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(late);
      if (code === 0) resolve();
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}
