/** Nodes on one PostgreSQL: killed, paused, and with the database killed under them. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startPostgres } from "../../../lab/postgres.ts";
import { seededRandom } from "../../random.ts";
import type { TallyResult } from "../../tally.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { nothingLost, tallyText } from "../rig/tally-text.ts";
import { compareRule } from "./nodes/limit-rule.ts";
import { leaseMs, nodeRig, type NodeRig } from "./nodes/node-rig.ts";

const clientsPerNode = 3;
/** What may be on the wire at one moment: the connections of a node to the next hop. */
const connectionsOut = 20;

type Harm = (rig: NodeRig, random: () => number) => Promise<void>;

/** A node is there no more, and comes back when others have taken its mail. */
const kill: Harm = async ({ nodes }, random) => {
  const node = nodes[Math.floor(random() * nodes.length)];
  await node?.signal("SIGKILL");
  if (random() < 0.5) await delay(leaseMs * 2);
  await node?.start();
};

const pause: Harm = async ({ nodes }, random) => {
  const node = nodes[Math.floor(random() * nodes.length)];
  await node?.signal("SIGSTOP");
  await delay(leaseMs * 3);
  await node?.signal("SIGCONT");
};

const databaseAway: Harm = async ({ database }) => {
  await database.kill();
  await delay(leaseMs * 1.5);
  await database.start();
  await delay(leaseMs);
};

async function under(
  harm: Harm,
  rounds: number,
  { folder, seed }: Pick<PartOptions, "folder" | "seed">,
  apart = false,
): Promise<TallyResult> {
  const random = seededRandom(seed);
  const rig = await nodeRig({ folder, nodes: 2, random, apart });
  try {
    const stop = rig.load(clientsPerNode);
    for (let round = 0; round < rounds; round++) {
      await delay(500 + random() * 1_500);
      await harm(rig, random);
    }
    await delay(500);
    await stop();
    await rig.drained(leaseMs * 10);
    return rig.tally.result();
  } finally {
    await rig.close();
  }
}

/** One that is killed and does not come back, of two that know nothing of each other. */
const killForGood: Harm = async (rig) => {
  // With mail that waits at both.
  rig.away(true);
  const before = rig.tally.acknowledged();
  for (let tries = 0; tries < 300 && rig.tally.acknowledged() - before < 20; tries++) await delay(100);
  await rig.nodes[0]?.signal("SIGKILL");
  rig.away(false);
};

export const nodes: Part = {
  name: "nodes",
  about: "two nodes on one PostgreSQL, one killed or paused, or the database killed",
  needs: ["linux", "postgres"],
  rounds: { usual: 10, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    const add = async (what: string, harm: Harm, most: number): Promise<void> => {
      progress(what);
      const name = `r${findings.length}`;
      const tally = await under(harm, rounds, { folder: join(folder, name), seed: seed + findings.length });
      progress(tallyText(tally));
      findings.push({
        what,
        count: `${rounds} times`,
        required: `nothing lost, at most ${most} twice`,
        measured: tallyText(tally),
        held: nothingLost(tally) && tally.duplicates <= most,
      });
    };
    await add("a node of two is killed under load", kill, rounds * connectionsOut);
    await add("a node of two is paused for three leases under load", pause, rounds * connectionsOut);
    await add("the database is killed under load, and away for more than a lease", databaseAway, 0);
    progress("the rule of limits in the database and in the program");
    const server = await startPostgres();
    try {
      const sequences = rounds * 1_000;
      const rule = await compareRule(await server.withSchema("weir"), sequences, seededRandom(seed));
      findings.push({
        what: "random sequences at two doors, decided by the database and by the program",
        count: `${rule.sequences} of ${rule.decisions} decisions`,
        required: "equal",
        measured:
          rule.differences.length === 0
            ? "equal"
            : `${rule.differences.length} differ: ${rule.differences[0]}`,
        held: rule.differences.length === 0,
      });
    } finally {
      await server.stop();
    }
    progress("two that share nothing, one killed for good");
    const alone = await under(killForGood, 1, { folder: join(folder, "apart"), seed }, true);
    findings.push({
      what: "the same with nodes that share nothing, one killed for good",
      count: "once",
      required: "nothing lost",
      measured: tallyText(alone),
      held: nothingLost(alone),
      control: true,
    });
    return findings;
  },
};
