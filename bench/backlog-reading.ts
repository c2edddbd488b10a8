/** How Weir bears a number of messages that wait while the next hop is down. */
import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectAdmin } from "../src/admin/client.ts";
import { freePort } from "../src/testing/free-port.ts";
import { messageContent } from "./client.ts";
import { allocatedBytes } from "./disk.ts";
import { fillSpool } from "./fill.ts";
import { accept, measure, startSink } from "./load.ts";
import { loadOf } from "./loads.ts";
import { median } from "./median.ts";
import { type WeirVariant, startWeir } from "./peers/weir.ts";
import { anonymousBytes } from "./process-tree.ts";
import { progress } from "./progress.ts";

export interface BacklogReading {
  readonly queued: number;
  /** From the start of the process to its greeting. */
  readonly startMs: number;
  readonly acceptedPerSecond: number;
  /** RssAnon of the relay after it took those. */
  readonly anonymousBytes: number;
  readonly spoolBytes: number;
  /** How many left when the next hop came up. */
  readonly drained: number;
  readonly drainedPerSecond: number;
  /** Some seconds after the drain. */
  readonly spoolBytesAfter: number;
  /** After the next start. */
  readonly spoolBytesRestarted: number;
  /** Of a load that comes in and goes out, once nothing waits. */
  readonly normalPerSecond: number;
}

/** Retries come at once, so that no pause counts as work; a million messages are no pressure. */
const variant: WeirVariant = {
  sections: [
    "transport:",
    "  queueGlitchRetryInterval: 1s",
    "  transientFailureRetryInterval: 1s",
    "  outboundConnectionFailureRetryInterval: 1s",
    "  backPressureQueueMedium: unlimited",
    "  backPressureQueueHigh: unlimited",
  ],
};
/** Measured in practice: record, keys and free pages of LMDB for a message of 4 KB. */
const bytesPerMessage = 13_000;
/** What the relay's back pressure wants free on a large disk. */
const spareBytes = 13 * 2 ** 30;
/** Slower than this and the drain is given up. */
const leastPerSecond = 800;
/** For the space to come back by itself. */
const settleMs = 10_000;
/** How often the relay is asked how many are left. */
const pollMs = 100;
const progressMs = 10_000;

/** Fills a fresh relay, starts it, takes more, and lets all of it go. `messages`: of each reading. */
export async function measureBacklog(options: {
  readonly queued: number;
  readonly messages: number;
  readonly rounds: number;
  readonly folder: string;
}): Promise<BacklogReading> {
  const { queued, messages, rounds } = options;
  const directory = join(options.folder, `backlog-${queued}`);
  mkdirSync(directory, { recursive: true });
  assertRoom(directory, queued);
  const where = { directory, sinkPort: await freePort() };
  const load = loadOf("reuse", messages);
  const spoolDirectory = join(directory, "data", "spool");
  let relay = await startWeir(where, variant);
  try {
    await relay.stop();
    if (queued > 0) await fillSpool(directory, queued, messageContent(load.sizeBytes).subarray(0, -3));

    progress(`backlog: start-up with ${queued} messages`);
    const since = performance.now();
    relay = await startWeir(where, variant);
    const startMs = performance.now() - since;

    progress("backlog: accepting more");
    const rates: number[] = [];
    // The first warms up.
    for (let round = 0; round <= rounds; round++) rates.push(await accept(relay.port, load));
    await delay(2000);
    const anonymous = anonymousBytes(relay.pid);
    const spoolBytes = allocatedBytes(spoolDirectory);

    const total = queued + (rounds + 1) * load.messages;
    const drainSeconds = await drain({ ...where, total });
    for (const end = performance.now() + settleMs; performance.now() < end; await delay(1000))
      if (allocatedBytes(spoolDirectory) < spoolBytes / 20) break;
    const spoolBytesAfter = allocatedBytes(spoolDirectory);

    await relay.stop();
    relay = await startWeir(where, variant);
    const spoolBytesRestarted = allocatedBytes(spoolDirectory);
    const normal: number[] = [];
    for (let round = 0; round <= rounds; round++)
      normal.push((await measure(relay, where.sinkPort, load)).endToEndPerSecond);
    return {
      queued,
      startMs,
      acceptedPerSecond: median(rates.slice(1)),
      anonymousBytes: anonymous,
      spoolBytes,
      drained: total,
      drainedPerSecond: total / drainSeconds,
      normalPerSecond: median(normal.slice(1)),
      spoolBytesAfter,
      spoolBytesRestarted,
    };
  } finally {
    await relay.stop();
  }
}

/** Opens the next hop and waits until nothing is queued. Resolves with the seconds. */
async function drain(options: {
  readonly directory: string;
  readonly sinkPort: number;
  readonly total: number;
}): Promise<number> {
  const { total } = options;
  const admin = await connectAdmin({ dataDirectory: join(options.directory, "data") });
  const queuedNow = async (): Promise<number> =>
    (await admin.call("listQueues", {})).queues.reduce((sum, { messages }) => sum + messages, 0);
  let left = await queuedNow();
  if (left !== total) throw new Error(`${left} messages are queued instead of ${total}`);
  const sink = await startSink(options.sinkPort);
  const timer = setInterval(() => progress(`backlog: ${left} of ${total} left to deliver`), progressMs);
  const patienceMs = 60_000 + (total * 1000) / leastPerSecond;
  const since = performance.now();
  try {
    await admin.call("retryQueue", {});
    for (; left > 0; left = await queuedNow()) {
      if (performance.now() - since > patienceMs)
        throw new Error(`${left} of ${total} messages are still queued after ${patienceMs / 1000} s`);
      await delay(pollMs);
    }
    return (performance.now() - since) / 1000;
  } finally {
    clearInterval(timer);
    sink.stop();
  }
}

function assertRoom(directory: string, queued: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const wanted = queued * bytesPerMessage + spareBytes;
  if (queued < 100_000 || bavail * bsize >= wanted) return;
  const gigabytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(0);
  throw new Error(
    `${queued} messages want ${gigabytes(wanted)} GB free and the disk has ${gigabytes(bavail * bsize)} GB; set TMPDIR to a folder on another`,
  );
}
