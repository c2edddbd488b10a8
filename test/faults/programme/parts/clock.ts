/** The wall clock jumps while mail waits, is deferred, comes in, or while the relay is off. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { splitTrace } from "../../../journeys/trace.ts";
import { seededRandom } from "../../random.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { fakeTime, jumps, noJump } from "../rig/fake-time.ts";
import { type Hop, type RelayRig, relayRig } from "../rig/relay-rig.ts";
import { nothingLost, tallyText } from "../rig/tally-text.ts";

/** Pauses between attempts are 2 s at most here: twice that, and what a busy machine adds. */
const mostWaitMs = 8_000;

interface Outcome {
  /** Longest time from the next hop's return to the last delivery. */
  readonly slowestMs: number;
  readonly late: readonly string[];
  readonly reports: number;
  readonly illegalDates: number;
  readonly rig: RelayRig;
}

interface ClockOptions extends Pick<PartOptions, "folder" | "seed"> {
  readonly to: string;
  /** Whether timers jump too: the control. */
  readonly monotonicToo: boolean;
}

async function jump({ folder, seed, to, monotonicToo }: ClockOptions): Promise<Outcome> {
  mkdirSync(folder);
  let illegalDates = 0;
  const rig = await relayRig({
    folder,
    domains: ["one.example"],
    random: seededRandom(seed),
    onArrival(_, content) {
      if (!content.subarray(0, 9).equals(Buffer.from("Received:"))) return;
      const { received } = splitTrace(content);
      if (Number.isNaN(Date.parse(received.slice(received.lastIndexOf(";") + 1)))) illegalDates++;
    },
  });
  const { env, set } = fakeTime(folder, monotonicToo);
  const [hop] = rig.hops;
  if (hop === undefined) throw new Error("there is one next hop");
  let slowestMs = 0;
  const late: string[] = [];
  /** Mail waits, the clock jumps, the next hop is well again: all must arrive as soon as without the jump. */
  const state = async (name: string, prepare: () => Promise<void>): Promise<void> => {
    set(noJump);
    await prepare();
    set(to);
    await delay(500);
    well(hop);
    const since = performance.now();
    if (!(await rig.drained(mostWaitMs, mostWaitMs))) late.push(name);
    slowestMs = Math.max(slowestMs, performance.now() - since);
  };
  try {
    set(noJump);
    let relay = await rig.start({ env });
    const some = async (ms: number): Promise<void> => {
      const stop = rig.load(2, { bodyBytes: (random) => Math.floor(random() * 100_000) });
      await delay(ms);
      await stop();
    };
    await state("queue in retry", async () => {
      hop.away = true;
      await some(300);
    });
    await state("messages deferred", async () => {
      hop.deferring = true;
      await some(300);
    });
    await state("mail comes in", async () => {
      const stop = rig.load(2, { bodyBytes: () => 1_000 });
      await delay(200);
      set(to);
      await delay(300);
      await stop();
    });
    await state("empty, mail afterwards", async () => {
      set(to);
      await some(200);
    });
    await state("relay off", async () => {
      hop.away = true;
      await some(300);
      relay.kill("SIGKILL");
      await relay.exited;
      set(to);
      // What grew old while the relay was off is tried once before it is judged.
      well(hop);
      relay = await rig.start({ env });
    });
    return { slowestMs, late, reports: rig.reports(), illegalDates, rig };
  } finally {
    await rig.close();
  }
}

function well(hop: Hop): void {
  hop.away = false;
  hop.deferring = false;
}

function finding({ slowestMs, late, reports, illegalDates, rig }: Outcome) {
  const tally = rig.tally.result();
  return {
    count: "5 states of the queue",
    required: `nothing expires, no report, all there in ${mostWaitMs / 1000} s, legal dates, lost 0`,
    measured: [
      `${reports} reports`,
      late.length === 0 ? `slowest ${(slowestMs / 1000).toFixed(1)} s` : `too late: ${late.join(", ")}`,
      ...(illegalDates > 0 ? [`${illegalDates} illegal dates`] : []),
      tallyText(tally),
    ].join("; "),
    held: nothingLost(tally) && late.length === 0 && reports === 0 && illegalDates === 0,
  };
}

export const clock: Part = {
  name: "clock",
  about: "the wall clock jumps a day, ten years, back to 2020, in five states of the queue",
  needs: ["linux", "faketime"],
  rounds: { usual: jumps.length, quick: jumps.length },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    for (const { what, to } of jumps.slice(0, rounds)) {
      progress(what);
      const outcome = await jump({ folder: join(folder, to.slice(0, 4)), seed, to, monotonicToo: false });
      findings.push({ what: `the wall clock jumps ${what}`, ...finding(outcome) });
    }
    progress("control: the timers jump as well");
    const control = { folder: join(folder, "control"), seed, to: "+10y", monotonicToo: true };
    return [
      ...findings,
      { what: "the monotonic clock jumps ten years too", ...finding(await jump(control)), control: true },
    ];
  },
};
