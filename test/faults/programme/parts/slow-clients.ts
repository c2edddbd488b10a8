/** Thousands of sessions that trickle, with good mail beside them; and sessions that say what no client should. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { anonymousBytes } from "../../../../bench/process-tree.ts";
import { conversations, converse, streamFault } from "../../../fuzz/conversations.ts";
import { mutate, pieces } from "../../../fuzz/mutate.ts";
import { seededRandom } from "../../random.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { percentile } from "../rig/percentile.ts";
import { type RelayRig, relayRig } from "../rig/relay-rig.ts";
import { nothingLost, tallyText } from "../rig/tally-text.ts";
import { timedLoad } from "../rig/timed-load.ts";

const sessionsPerRound = 100;
/** V8's heap goes up and down by some 25 MB with its collections: so many sessions of 30 KB are told from that, fewer are not. */
const fewestWeighed = 2_000;
const mutatedPerRound = 1_000;
/**
 * Before the first reading of the memory: what any load makes it hold. V8 lets its heap grow for some two thousand of them, or some
 * ten thousand messages, and then goes up and down by some 25 MB with its collections, so that one reading says little: the middle of many is compared.
 */
const warmUpSessions = 3_000;
const warmUpMessages = 12_000;
const warmUpTurnMs = 2_000;
const mostWarmUpTurns = 30;
const readEveryMs = 100;
const readSessions = 1_000;
const sessionsPerReading = 20;
const clients = 4;
const mostP99Ms = 1_000;
const mostBytesEach = 30 * 1024;
/** Of the relay and of whoever trickles, beside the sessions. */
const otherFiles = 300;
const mostGrowthMb = 64;
/** Many at once, since a log-on that fails is answered after five seconds, and a session may try it again and again. */
const atOnce = 200;
const mostSessionMs = 120_000;

/** What a process may have open, which is what the relay may have. */
function openFilesAllowed(): number {
  const [, text = ""] =
    /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return text === "unlimited" ? Infinity : Number(text);
}

/** Starts a process that trickles; resolves with how many sessions it has open. */
async function trickle(port: number, count: number) {
  const program = join(import.meta.dirname, "../rig/trickle.ts");
  const child = spawn(process.execPath, ["--import", "tsx", program, String(port), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return {
    open: Number(/open (\d+)/.exec(said.toString())?.[1] ?? 0),
    async stop() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

/** A load, and the memory in the middle of it. */
async function weighedLoad(rig: RelayRig, pid: number, ms: number) {
  const readings: number[] = [];
  const timer = setInterval(() => readings.push(anonymousBytes(pid)), readEveryMs);
  try {
    const times = await timedLoad(rig, clients, ms);
    return { times, usualBytes: percentile(readings, 50) };
  } finally {
    clearInterval(timer);
  }
}

/** The same load until it makes the heap grow no more; returns the memory in the middle of the last turn. */
async function warmUp(rig: RelayRig, pid: number): Promise<number> {
  for (let taken = 0, turn = 1; ; turn++) {
    const { times, usualBytes } = await weighedLoad(rig, pid, warmUpTurnMs);
    taken += times.length;
    if (taken >= warmUpMessages || turn === mostWarmUpTurns) return usualBytes;
  }
}

async function trickling(
  { folder, seed }: Pick<PartOptions, "folder" | "seed">,
  sessions: number,
  maxInboundConnection: number | "unlimited",
) {
  const random = seededRandom(seed);
  const rig = await relayRig({
    folder,
    domains: ["one.example"],
    random,
    receiveConnector: { maxInboundConnection },
  });
  try {
    const relay = await rig.start();
    const before = await warmUp(rig, relay.pid);
    const crowd = await trickle(rig.port, sessions);
    await delay(2_000);
    const { times, usualBytes } = await weighedLoad(rig, relay.pid, 10_000);
    const bytesEach = Math.max(0, usualBytes - before) / Math.max(1, crowd.open);
    await crowd.stop();
    await rig.drained();
    const tally = rig.tally.result();
    const p99 = percentile(times, 99);
    const told = times.length === 0 ? "no good mail was taken" : `p99 ${p99.toFixed(0)} ms`;
    return {
      count: `${crowd.open} sessions, an octet a second each`,
      required: `good mail taken, p99 ≤ ${mostP99Ms} ms; ≤ ${mostBytesEach / 1024} KB a session; lost 0`,
      measured: `${told}; ${(bytesEach / 1024).toFixed(0)} KB a session; ${tallyText(tally)}`,
      held: p99 <= mostP99Ms && bytesEach <= mostBytesEach && nothingLost(tally),
    };
  } finally {
    await rig.close();
  }
}

/** Plays broken conversations; returns what was wrong with the answers. */
async function breakConversations(
  port: number,
  count: number,
  firstSeed: number,
  each: (done: number) => void,
): Promise<readonly string[]> {
  const faults: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const seed = firstSeed + next++;
      const random = seededRandom(seed);
      let octets = conversations[Math.floor(random() * conversations.length)] ?? Buffer.alloc(0);
      for (let turn = 1 + Math.floor(random() * 6); turn > 0; turn--) octets = mutate(octets, random);
      const fault = await converse(port, pieces(octets, random), mostSessionMs).then(streamFault, String);
      if (fault !== undefined) faults.push(`seed ${seed}: ${fault.slice(0, 200)}`);
      each(next);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, worker));
  return faults;
}

/** The middle of what is read while the last of so many sessions end. */
const memoryReadings = (bytesNow: () => number) => (sessions: number) => {
  const readings: number[] = [];
  return {
    ended: (done: number): void => {
      if (done > sessions - readSessions && done % sessionsPerReading === 0) readings.push(bytesNow());
    },
    usualBytes: () => percentile(readings, 50),
  };
};

async function mutated({ folder, seed, progress }: PartOptions, count: number): Promise<Finding> {
  const rig: RelayRig = await relayRig({
    folder,
    domains: ["one.example"],
    random: seededRandom(seed),
    receiveConnector: {
      maxProtocolErrors: "unlimited",
      maxMessageSize: "100KB",
      maxHeaderSize: "10KB",
      authMechanism: ["Tls", "BasicAuth"],
      permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
    },
  });
  try {
    const relay = await rig.start();
    const stop = rig.load(1, { bodyBytes: () => 3_000 });
    const read = memoryReadings(() => anonymousBytes(relay.pid));
    const warmedUp = read(warmUpSessions);
    const warmUpFaults = await breakConversations(rig.port, warmUpSessions, seed + count, warmedUp.ended);
    const measured = read(count);
    const measuredFaults = await breakConversations(rig.port, count, seed, (done) => {
      measured.ended(done);
      if (done % 5_000 === 0) progress(`${done} of ${count} mutated sessions`);
    });
    const faults = [...warmUpFaults, ...measuredFaults];
    await stop();
    const growthMb = (measured.usualBytes() - warmedUp.usualBytes()) / 2 ** 20;
    await rig.drained();
    const alive = relay.process.exitCode === null && relay.process.signalCode === null;
    const ownFaults = relay.stderr().match(/RelayFault|unhandled|fault in the relay/gi)?.length ?? 0;
    for (const fault of faults.slice(0, 10)) progress(fault);
    const tally = rig.tally.result();
    return {
      what: "mutated sessions, good mail beside them",
      count: `${count} sessions behind ${warmUpSessions} that warm up`,
      required: `each ends, replies well-formed, no fault of ours, at most ${mostGrowthMb} MB more memory, lost 0`,
      measured: `${faults.length} bad replies, ${ownFaults} faults${alive ? "" : ", ended"}, ${growthMb.toFixed(0)} MB more; ${tallyText(tally)}`,
      held: alive && faults.length === 0 && ownFaults === 0 && growthMb <= mostGrowthMb && nothingLost(tally),
    };
  } finally {
    await rig.close();
  }
}

/** A server that says back what it hears. */
async function echoed(seed: number): Promise<Finding> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const count = 50;
  const faults = await breakConversations(port, count, seed, () => undefined);
  server.close();
  return {
    what: "the same to a server that says back what it hears",
    count: `${count} sessions`,
    required: "replies well-formed",
    measured: `${faults.length} bad replies`,
    held: faults.length === 0,
    control: true,
  };
}

export const slowClients: Part = {
  name: "slow-clients",
  about:
    "sessions that trickle (100 a round, 2,000 at least), mutated sessions (1,000 a round), good mail beside them",
  needs: ["linux"],
  rounds: { usual: 100, quick: 2 },
  async run(options) {
    const { folder, rounds, seed, progress } = options;
    const asked = Math.max(fewestWeighed, rounds * sessionsPerRound);
    const sessions = Math.min(asked, openFilesAllowed() - otherFiles);
    progress(`${sessions} sessions that trickle`);
    const slow = await trickling({ folder: join(folder, "slow"), seed }, sessions, "unlimited");
    progress("control: they take all the connections there are");
    const half = Math.ceil(sessions / 2);
    const crowded = await trickling({ folder: join(folder, "crowded"), seed }, sessions, half);
    return [
      { what: "sessions that trickle, good mail beside them", ...slow },
      { what: `the same with a limit of ${half} connections, which they use up`, ...crowded, control: true },
      await mutated({ ...options, folder: join(folder, "mutated") }, rounds * mutatedPerRound),
      await echoed(seed),
    ];
  },
};
