/** Nodes on one PostgreSQL: killed, paused, and with the database killed under them. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Finding, Part } from "../part.ts";
import {
  atMostInFlight,
  connectionsOut,
  goneForGood,
  killForGood,
  underLoad,
  visitorFinding,
  type Harm,
} from "./nodes/harm.ts";
import { leaseMs } from "./nodes/node-rig.ts";

/** A node is there no more, and comes back when others have taken its mail. */
const kill: Harm = async ({ rig: { nodes }, random }) => {
  const node = nodes[Math.floor(random() * nodes.length)];
  await node?.signal("SIGKILL");
  if (random() < 0.5) await delay(leaseMs * 2);
  await node?.start();
};

/** The issue's; a quick run has less time. */
const longMs = 60_000;

/** What it had under way goes out when it wakes, if nothing keeps it from that. */
const pause =
  (ms: number, late: { sent: number }): Harm =>
  async ({ rig, visitors, random }) => {
    const node = rig.nodes[Math.floor(random() * rig.nodes.length)];
    if (node === undefined) return;
    await node.signal("SIGSTOP");
    visitors.leaveOut(node.name);
    await delay(ms);
    // What it wrote before has been read by now.
    const before = rig.secondBy(node.name);
    await node.signal("SIGCONT");
    await delay(leaseMs);
    late.sent += rig.secondBy(node.name) - before;
  };

const databaseAway =
  (leases: number): Harm =>
  async ({ rig: { database } }) => {
    await database.kill();
    await delay(leaseMs * leases);
    await database.start();
    await delay(leaseMs * 2);
  };

export const nodes: Part = {
  name: "nodes",
  about:
    "three nodes on one PostgreSQL, one killed or paused, or the database killed; half as many pauses, a quarter as often",
  needs: ["linux", "postgres"],
  rounds: { usual: 20, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    const some = (part: number): number => Math.max(1, Math.round(rounds / part));
    let n = 0;
    const where = () => ({ folder: join(folder, `r${n}`), seed: seed + n++, progress });

    const killed = await underLoad(kill, rounds, { ...where(), nodes: 3 });
    findings.push(
      atMostInFlight("a node of three is killed under load", rounds, killed, rounds * connectionsOut),
      visitorFinding("the same", killed),
    );

    const pauses = some(2);
    const pauseMs = rounds < 10 ? leaseMs * 3 : longMs;
    const late = { sent: 0 };
    const paused = await underLoad(pause(pauseMs, late), pauses, { ...where(), nodes: 3 });
    const what = `a node of three is paused for ${pauseMs / 1_000} s under load`;
    findings.push(
      atMostInFlight(what, pauses, paused, pauses * connectionsOut),
      {
        what: "the same, by what it sends when it wakes",
        count: `${pauses} times`,
        required: "nothing that another node has delivered",
        measured: `${late.sent} messages`,
        held: late.sent === 0,
      },
      visitorFinding("the same", paused),
    );

    const away = some(4);
    const without = await underLoad(databaseAway(5), away, { ...where(), nodes: 2 });
    findings.push(
      atMostInFlight("the database is killed under load, and away for five leases", away, without, 0),
      {
        what: "the same, by who takes whom for dead",
        count: `${away} times`,
        required: "nobody anybody",
        measured: `${without.takenForDead} nodes`,
        held: without.takenForDead === 0,
      },
      visitorFinding("the same", without),
    );

    progress("two that share nothing, one killed for good");
    const alone = await underLoad(killForGood, 1, { ...where(), nodes: 2, apart: true });
    const same = "the same with nodes that share nothing";
    findings.push(goneForGood(`${same}, one killed for good`, alone), {
      ...visitorFinding(same, alone),
      control: true,
    });
    return findings;
  },
};
