/** One of a hundred next hops hangs, tarpits or drops; mail to the others must not notice. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Behaviour, Stage } from "../../../../src/testing/recording-sink.ts";
import { seededRandom } from "../../random.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { percentile } from "../rig/percentile.ts";
import { type RelayRig, relayRig } from "../rig/relay-rig.ts";

const hopCount = 100;
const clients = 4;
/** Below this a difference is the machine's. */
const leastUsualMs = 25;

type Behave = (stage: Stage) => Behaviour | undefined;

const faults: readonly { readonly what: string; readonly behave: Behave }[] = [
  { what: "hangs before its greeting", behave: ({ at }) => (at === "connect" ? { stall: true } : undefined) },
  { what: "hangs behind the content", behave: ({ at }) => (at === "content" ? { stall: true } : undefined) },
  { what: "answers each command after 5 s", behave: () => ({ delayMs: 5_000, reply: "451 4.3.0 Busy" }) },
  { what: "drops each connection at MAIL", behave: ({ at }) => (at === "MAIL" ? { drop: true } : undefined) },
];

/** Every one of them: the control. */
const allSlow: Behave = ({ at }) => (at === "MAIL" ? { delayMs: 300, reply: "250 2.1.0 Ok" } : undefined);

/** Milliseconds from the 250 to the arrival, of mail to all but the first. */
async function deliveryTimes(
  rig: RelayRig,
  arrivals: Map<string, number>,
  ms: number,
): Promise<readonly number[]> {
  const acknowledgements = new Map<string, number>();
  arrivals.clear();
  const watched = {
    ...rig.tally,
    acknowledge(id: string) {
      acknowledgements.set(id, performance.now());
      rig.tally.acknowledge(id);
    },
  };
  const stop = rig.load(clients, { tally: watched, bodyBytes: () => 2_000 });
  await delay(ms);
  await stop();
  await delay(2_000);
  return [...arrivals].flatMap(([id, at]) => {
    const acknowledgedAt = acknowledgements.get(id);
    // What arrives before its 250 was read took no time.
    return acknowledgedAt === undefined ? [] : [Math.max(0, at - acknowledgedAt)];
  });
}

export const badDestination: Part = {
  name: "bad-destination",
  about: "one of 100 next hops hangs, tarpits or drops",
  needs: ["linux"],
  rounds: { usual: 10, quick: 3 },
  async run({ folder, rounds, seed, progress }: PartOptions) {
    mkdirSync(folder, { recursive: true });
    const arrivals = new Map<string, number>();
    let behaveFirst: Behave | undefined;
    let behaveAll: Behave | undefined;
    const domains = Array.from({ length: hopCount }, (_, i) => `hop${i}.example`);
    const rig = await relayRig({
      folder: join(folder, "relay"),
      domains,
      random: seededRandom(seed),
      behave: (hop, stage) =>
        behaveAll?.(stage) ?? (hop.domain === domains[0] ? behaveFirst?.(stage) : undefined),
      onArrival(hop, content) {
        const id = /^X-Id: (m\d+)\r\n/m.exec(content.subarray(0, 2_000).toString("latin1"))?.[1];
        if (id !== undefined && hop.domain !== domains[0]) arrivals.set(id, performance.now());
      },
    });
    try {
      await rig.start();
      const ms = rounds * 1_000;
      await deliveryTimes(rig, arrivals, 2_000);
      const usual = percentile(await deliveryTimes(rig, arrivals, ms), 99);
      const mostMs = 2 * Math.max(leastUsualMs, usual);
      const read = async (what: string): Promise<Finding> => {
        progress(what);
        const times = await deliveryTimes(rig, arrivals, ms);
        const p99 = percentile(times, 99);
        return {
          what,
          count: `${times.length} messages to the others`,
          required: `p99 ≤ ${mostMs.toFixed(0)} ms, twice the usual`,
          measured: `p99 ${p99.toFixed(0)} ms (usual: ${usual.toFixed(0)})`,
          held: p99 <= mostMs,
        };
      };
      const findings: Finding[] = [];
      for (const { what, behave } of faults) {
        behaveFirst = behave;
        findings.push(await read(`one of ${hopCount} next hops ${what}`));
      }
      behaveFirst = undefined;
      behaveAll = allSlow;
      return [...findings, { ...(await read("every next hop answers MAIL after 300 ms")), control: true }];
    } finally {
      await rig.close();
    }
  },
};
