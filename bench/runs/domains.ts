/** Mail for very many domains none of whose hosts answers: memory, and whether people and monitoring still get answers. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type AdminClient, connectAdmin } from "../../src/admin/client.ts";
import { runClient } from "../client.ts";
import { median } from "../median.ts";
import { startWeir } from "../peers/weir.ts";
import { anonymousBytes, watchPeak } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { startSmallInternet } from "../small-internet.ts";
import type { Run } from "./run.ts";

const domains = 10_000;
const sites = 1_000;
const messagesPerDomain = 4;
const mebibyte = 2 ** 20;
const mostMegabytes = 200;
/** A page of queues, as a person waits for it. */
const mostPageMs = 500;
/** What the relay does at once is over, and memory that nobody uses has been given back. */
const idleMs = 3_000;
const settleMs = 10_000;
const patienceMs = 120_000;

export const domainsWaiting: Run = {
  name: "domains",
  about: `memory, Get-Queue and the event loop with ${domains} domains waiting whose hosts are down`,
  async run({ folder, messages }) {
    const isTiny = messages < 1_000;
    const wanted = isTiny ? 20 : domains;
    const internet = await startSmallInternet({ sites: Math.min(sites, wanted), isUp: false });
    const directory = join(folder, "weir");
    mkdirSync(directory);
    const relay = await startWeir({ directory, sinkPort: 0, internet });
    try {
      await delay(idleMs);
      const idle = anonymousBytes(relay.pid);
      progress(`domains: ${messagesPerDomain} messages for each of ${wanted}`);
      const since = Date.now();
      const memory = watchPeak(relay.pid, anonymousBytes);
      const load = { messages: messagesPerDomain * wanted, sizeBytes: 4096, recipients: 1, reuse: true };
      const { seconds } = await runClient({
        ...load,
        port: relay.port,
        connections: 20,
        destinations: wanted,
      });
      const peak = memory.stop();
      const admin = await connectAdmin({ dataDirectory: join(directory, "data") });
      progress("domains: until each has failed");
      const waiting = await untilWaiting(admin, wanted);
      await delay(isTiny ? 0 : settleMs);
      const settled = anonymousBytes(relay.pid);
      const pages = await timesOf(() =>
        admin.call("listQueues", { filter: "Status -eq 'Retry'", sortOrder: "-MessageCount", limit: 100 }),
      );
      const lag = (await relay.eventLoopLagP99Ms?.(since)) ?? NaN;
      const above = (bytes: number): string => ((bytes - idle) / mebibyte).toFixed(0);
      return {
        title: `${wanted} domains waiting, ${load.messages} messages of 4 KB, no host answers`,
        table: [
          [
            "idle MB",
            "above it: settled",
            "peak",
            "accepted/s",
            "in Retry",
            "a page of queues: ms",
            "lag p99 ms",
          ],
          [
            (idle / mebibyte).toFixed(0),
            above(settled),
            above(peak),
            (load.messages / seconds).toFixed(0),
            String(waiting),
            median(pages).toFixed(0),
            lag.toFixed(0),
          ],
        ],
        notes: ["Memory is RssAnon of the relay, LMDB's mapped pages left out."],
        marks: [
          {
            name: `${wanted} domains waiting: private memory`,
            required: `≤ ${mostMegabytes} MB above idle`,
            measured: `${above(settled)} MB, ${above(peak)} MB at its most`,
            met: (settled - idle) / mebibyte <= mostMegabytes,
          },
          {
            name: `${wanted} domains waiting: a filtered, sorted page of Get-Queue`,
            required: `≤ ${mostPageMs} ms`,
            measured: `${median(pages).toFixed(0)} ms`,
            met: median(pages) <= mostPageMs,
          },
        ],
      };
    } finally {
      await relay.stop();
      internet.stop();
    }
  },
};

/** Resolves with how many domains are in Retry, when all are. */
async function untilWaiting(admin: AdminClient, wanted: number): Promise<number> {
  const inRetry = async (): Promise<number> =>
    (await admin.call("listQueues", { filter: "Status -eq 'Retry'", limit: 1 })).total;
  for (const end = performance.now() + patienceMs; ; await delay(500)) {
    const total = await inRetry();
    if (total >= wanted || performance.now() > end) return total;
  }
}

async function timesOf(work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const since = performance.now();
    await work();
    times.push(performance.now() - since);
  }
  return times;
}
