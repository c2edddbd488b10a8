/** A limit of connections to a next hop that is that of all nodes: counted by the next hop, while nodes die, sleep and are cut off. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Finding, Part } from "../part.ts";
import { nothingLost, tallyText } from "../rig/tally-text.ts";
import { times, underLoad, type Harm, type HarmResult } from "./nodes/harm.ts";

const limit = 4;
/** A machine with much to do does not run a node for two seconds; for this long it does. */
const leaseMs = 6_000;
/** So many want more connections than there are. */
const clients = 12;

const kill: Harm = async ({ rig: { nodes }, random }) => {
  const node = nodes[Math.floor(random() * nodes.length)];
  await node?.signal("SIGKILL");
  await delay(random() < 0.5 ? 0 : leaseMs * 2);
  await node?.start();
  await delay(leaseMs);
};

const pause: Harm = async ({ rig: { nodes }, visitors, random }) => {
  const node = nodes[Math.floor(random() * nodes.length)];
  await node?.signal("SIGSTOP");
  visitors.leaveOut(node?.name ?? "");
  await delay(leaseMs * 3);
  await node?.signal("SIGCONT");
  await delay(leaseMs * 2);
};

const databaseAway: Harm = async ({ rig: { database } }) => {
  await database.kill();
  await delay(leaseMs * 3);
  await database.start();
  await delay(leaseMs * 2);
};

const quiet: Harm = () => delay(leaseMs * 3);

export const nodesConnections: Part = {
  name: "nodes-connections",
  about: `${limit} connections to a next hop for three nodes, one killed or paused, or the database killed`,
  needs: ["linux", "postgres"],
  rounds: { usual: 6, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    let n = 0;
    const under = (harm: Harm, count: number, apart = false): Promise<HarmResult> =>
      underLoad(harm, count, {
        folder: join(folder, `r${n}`),
        seed: seed + n++,
        progress,
        nodes: 3,
        mostOut: limit,
        lease: leaseMs,
        clients,
        apart,
      });
    const finding = (what: string, count: string, result: HarmResult, most: number): Finding => ({
      what,
      count,
      required: `nothing lost, all ${limit} used, ${most === limit ? "never more" : `never more than ${most}: those of one that sleeps are open, and count no more`}`,
      measured: `${tallyText(result.tally)}; at most ${result.mostOut} at once${result.takenForDead > 0 ? `; taken for dead: ${result.takenForDead}` : ""}`,
      held: nothingLost(result.tally) && result.mostOut >= limit && result.mostOut <= most,
    });
    const some = Math.max(1, Math.round(rounds / 2));
    const findings = [
      finding(
        "three nodes send to a next hop, one is killed",
        times(rounds),
        await under(kill, rounds),
        limit,
      ),
      finding(
        "the same, the database is away for three leases",
        times(some),
        await under(databaseAway, some),
        limit,
      ),
      finding("the same, one is paused for three leases", times(some), await under(pause, some), 2 * limit),
    ];
    progress("control: three that share nothing");
    const apart = finding("three nodes that share nothing", "once", await under(quiet, 1, true), limit);
    return [...findings, { ...apart, control: true }];
  },
};
