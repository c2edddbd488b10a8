/** A harm that is done to nodes again and again while clients send and visitors come, and what it came to. */
import { setTimeout as delay } from "node:timers/promises";
import { nothingMore } from "../../../nothing-more.ts";
import { seededRandom } from "../../../random.ts";
import type { TallyResult } from "../../../tally.ts";
import type { Finding } from "../../part.ts";
import { nothingLost, tallyText } from "../../rig/tally-text.ts";
import { leaseMs, mostVisitors, nodeRig, type NodeRig, type RigOptions } from "./node-rig.ts";
import type { Visitors } from "./visitors.ts";

const clientsPerNode = 3;
/** What may be on the wire at one moment: the connections of a node to the next hop. */
export const connectionsOut = 20;

export interface Struck {
  readonly rig: NodeRig;
  readonly visitors: Visitors;
  readonly random: () => number;
}

export type Harm = (struck: Struck) => Promise<void>;

/** One that is killed and does not come back, of two that know nothing of each other. */
export const killForGood: Harm = async ({ rig }) => {
  await waitingMail(rig);
  await rig.nodes[0]?.signal("SIGKILL");
  rig.away(false);
};

/** The next hop is away until mail waits at the nodes. It stays away. */
export async function waitingMail(rig: NodeRig): Promise<void> {
  rig.away(true);
  const before = rig.tally.acknowledged();
  for (let tries = 0; tries < 300 && rig.tally.acknowledged() - before < 20; tries++) await delay(100);
}

export interface HarmResult {
  readonly tally: TallyResult;
  readonly mostIn: number;
  readonly letIn: number;
  /** How often a node found that it had been taken for dead. */
  readonly takenForDead: number;
  /** Connections at the next hop at once. */
  readonly mostOut: number;
  /** All that the nodes have told. */
  readonly said: string;
}

export async function underLoad(
  harm: Harm,
  rounds: number,
  options: Omit<RigOptions, "random"> & {
    readonly seed: number;
    readonly progress: (text: string) => void;
    /** At each node. */
    readonly clients?: number;
  },
): Promise<HarmResult> {
  const { seed, progress, clients = clientsPerNode, ...rest } = options;
  const random = seededRandom(seed);
  const rig = await nodeRig({ ...rest, random });
  try {
    const stop = rig.load(clients);
    const visitors = rig.visit();
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}, ${rig.tally.acknowledged()} acknowledged`);
      await delay(500 + random() * 1_500);
      await harm({ rig, visitors, random });
    }
    await delay(500);
    await Promise.all([stop(), visitors.stop()]);
    await rig.drained(leaseMs * 10);
    await nothingMore(rig.tally, leaseMs * 3);
    const tally = rig.tally.result();
    progress(`${tallyText(tally)}; at most ${visitors.most} of ${visitors.letIn} visitors at once`);
    const said = rig.nodes.map((node) => node.said()).join("\n");
    // What is needed to find out why; the folder is gone afterwards.
    if (visitors.most > mostVisitors && options.apart !== true)
      progress(`more than ${mostVisitors} at ${visitors.mostWhen}; the nodes said:\n${said}`);
    const takenForDead = said.match(/took this one for dead/g)?.length ?? 0;
    return {
      tally,
      mostIn: visitors.most,
      letIn: visitors.letIn,
      takenForDead,
      mostOut: rig.mostOut(),
      said,
    };
  } finally {
    await rig.close();
  }
}

/** `most`: messages that may arrive twice. */
export function atMostInFlight(what: string, rounds: number, { tally }: HarmResult, most: number): Finding {
  return {
    what,
    count: times(rounds),
    required: `nothing lost, at most ${most} twice`,
    measured: tallyText(tally),
    held: nothingLost(tally) && tally.duplicates <= most,
  };
}

/** A control: mail must be missing. */
export function goneForGood(what: string, { tally }: HarmResult): Finding {
  return {
    what,
    count: times(1),
    required: "nothing lost",
    measured: tallyText(tally),
    held: nothingLost(tally),
    control: true,
  };
}

export function visitorFinding(what: string, { mostIn, letIn, takenForDead }: HarmResult): Finding {
  return {
    what: `${what}, by who was let in at one door of all nodes`,
    count: `${letIn} visitors`,
    required: `never more than ${mostVisitors} at once`,
    // One that had no time to run for a lease is as one that is paused: its visitors are there and count no more.
    measured: `${mostIn}${takenForDead > 0 ? `; taken for dead: ${takenForDead}` : ""}`,
    held: mostIn > 0 && mostIn <= mostVisitors,
  };
}

export const times = (rounds: number): string => (rounds === 1 ? "once" : `${rounds} times`);
