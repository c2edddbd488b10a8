/** Each flush takes long: 50 ms to 5 s. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectScriptedClient } from "../../../../src/testing/scripted-client.ts";
import { nothingMore } from "../../nothing-more.ts";
import { seededRandom } from "../../random.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { percentile } from "../rig/percentile.ts";
import { preload } from "../rig/preload.ts";
import { type RelayRig, relayRig } from "../rig/relay-rig.ts";
import { nothingLost, tallyText } from "../rig/tally-text.ts";

const delaysMs = [50, 200, 1_000, 5_000] as const;
const clients = 64;
const mostNoopMs = 200;
/** Messages of `clients` that share a flush, at the least. */
const leastShared = 16;
const enoughPerSecond = 50;

interface Reading {
  readonly perSecond: number;
  readonly noopP99Ms: number;
  readonly noops: number;
}

/** How quickly a session that only says NOOP is answered, until it is stopped. */
async function watchNoops(port: number): Promise<() => Promise<readonly number[]>> {
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  await client.command("EHLO noop.example");
  const times: number[] = [];
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const since = performance.now();
      await client.command("NOOP");
      times.push(performance.now() - since);
      await delay(20);
    }
    client.close();
  })();
  return async () => {
    stopped = true;
    await watching;
    return times;
  };
}

async function read(rig: RelayRig, clientCount: number, ms: number): Promise<Reading> {
  const noops = await watchNoops(rig.port);
  const stop = rig.load(clientCount, { bodyBytes: () => 2_000 });
  await delay(500);
  const before = rig.tally.acknowledged();
  const since = performance.now();
  await delay(ms);
  const perSecond = (1000 * (rig.tally.acknowledged() - before)) / (performance.now() - since);
  const times = await noops();
  await stop();
  return { perSecond, noopP99Ms: percentile(times, 99), noops: times.length };
}

export const slowDisk: Part = {
  name: "slow-disk",
  about: "each flush takes 50 ms, 200 ms, 1 s, 5 s longer; 64 clients, and one that says NOOP",
  needs: ["linux", "cc"],
  rounds: { usual: delaysMs.length, quick: 2 },
  async run({ folder, rounds, seed, progress }: PartOptions) {
    mkdirSync(folder, { recursive: true });
    const told = join(folder, "flush-ms");
    const setDelay = (ms: number): void => writeFileSync(told, String(ms));
    setDelay(0);
    const env = { ...preload(folder, "slowFlush"), WEIR_FLUSH_MS: told };
    const rig = await relayRig({ folder, domains: ["one.example"], random: seededRandom(seed) });
    const findings: Finding[] = [];
    try {
      const relay = await rig.start({ env });
      for (const ms of delaysMs.slice(0, rounds)) {
        progress(`${ms} ms`);
        setDelay(ms);
        const least = Math.min(enoughPerSecond, (leastShared * 1000) / ms);
        findings.push(
          finding(
            `each flush takes ${ms} ms longer`,
            least,
            await read(rig, clients, Math.max(5_000, 4 * ms)),
          ),
        );
      }
      progress("control: one client alone");
      setDelay(200);
      const lone = await read(rig, 1, 4_000);
      findings.push({
        ...finding("200 ms, and one client that has no other to share its flush with", enoughPerSecond, lone),
        control: true,
      });
      progress("control: the relay stands still now and then");
      setDelay(0);
      const stalls = setInterval(() => {
        relay.kill("SIGSTOP");
        setTimeout(() => relay.kill("SIGCONT"), 300).unref();
      }, 800);
      const stalled = await read(rig, clients, 4_000);
      clearInterval(stalls);
      relay.kill("SIGCONT");
      await delay(400);
      relay.kill("SIGCONT");
      findings.push({ ...finding("the process stops for 300 ms now and then", 0, stalled), control: true });
      await rig.drained();
      await nothingMore(rig.tally);
      const tally = rig.tally.result();
      findings.splice(Math.min(rounds, delaysMs.length), 0, {
        what: "what came in meanwhile",
        count: `${tally.acknowledged} messages`,
        required: "lost 0, damaged 0, none twice",
        measured: tallyText(tally),
        held: nothingLost(tally) && tally.duplicates === 0,
      });
      return findings;
    } finally {
      await rig.close();
    }
  },
};

const finding = (what: string, leastPerSecond: number, { perSecond, noopP99Ms, noops }: Reading) => ({
  what,
  count: `${noops} times NOOP`,
  required: `NOOP p99 ≤ ${mostNoopMs} ms${leastPerSecond > 0 ? `, at least ${leastPerSecond.toFixed(0)} messages/s` : ""}`,
  measured: `NOOP p99 ${noopP99Ms.toFixed(0)} ms, ${perSecond.toFixed(0)} messages/s`,
  held: noopP99Ms <= mostNoopMs && perSecond >= leastPerSecond,
});
