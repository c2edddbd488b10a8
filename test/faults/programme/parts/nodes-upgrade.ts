/** Two releases side by side: nodes rolled to this one and back while clients send, as docs/several-nodes.md says to do it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { newestVersion } from "../../../../src/cluster/schema/migrations.ts";
import { spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import type { Finding, Part } from "../part.ts";
import { buildEarlier, repository } from "../rig/earlier-build.ts";
import {
  atMostInFlight,
  connectionsOut,
  goneForGood,
  underLoad,
  visitorFinding,
  waitingMail,
  type Harm,
  type Struck,
} from "./nodes/harm.ts";
import type { RunningNode } from "./nodes/node-rig.ts";

const run = promisify(execFile);
/** Before there was a tag: with the schema's version 9. `--from` names another. */
const firstWithNodes = "f3e4ff4";
const today = join(repository, "bin/weir.js");
const drainMs = 60_000;

/** Its standard output and standard error. */
async function weir(program: string, { file }: RunningNode, ...args: string[]): Promise<string> {
  for (let left = 40; ; left--)
    try {
      const { stdout, stderr } = await run(process.execPath, [program, ...args, "--config", file]);
      return stdout + stderr;
    } catch (error) {
      // One that has just said that it started listens for commands a moment later.
      if (left === 0 || !String(error).includes("no relay runs")) throw error;
      await delay(250);
    }
}

interface Rolled {
  rolls: number;
  kills: number;
  /** The release before has an earlier schema. */
  isMoved: boolean;
  /** What this release said on the schema of the one before. */
  tooEarly: string;
  migrated: string;
  /** Questions to all nodes while they run different releases; those that a node had no answer to, with its reason. */
  asked: number;
  readonly lacking: string[];
}

/** Why a node is missing in the answer. Asked again where it was not there, or had no time: its release is what is asked about. */
async function lackingIn(program: string, node: RunningNode, question: string): Promise<string | undefined> {
  let why: string | undefined;
  for (let tries = 0; tries < 5; tries++) {
    const answer = await weir(program, node, question);
    why = /^.*did not answer: .*$/m.exec(answer)?.[0];
    if (why === undefined || why.includes("another release")) return why;
    await delay(2_000);
  }
  return why;
}

/** As the documentation has it. */
async function drainedAway(by: string, asked: RunningNode, node: RunningNode): Promise<void> {
  await weir(by, asked, "Suspend-Node", node.name);
  const until = Date.now() + drainMs;
  for (;;) {
    const nodes = JSON.parse(await weir(by, asked, "cluster", "nodes", "-Json")) as {
      name: string;
      state: string;
    }[];
    if (nodes.find(({ name }) => name === node.name)?.state === "Drained") break;
    if (Date.now() > until) throw new Error(`${node.name} does not drain: ${JSON.stringify(nodes)}`);
    await delay(200);
  }
  await node.stop();
}

const rolling =
  (earlier: string, times: number, rolled: Rolled, progress: (text: string) => void): Harm =>
  async ({ rig: { nodes, database }, random }) => {
    const [first, last] = nodes;
    if (first === undefined || last === undefined) throw new Error("two nodes are wanted");
    await drainedAway(earlier, last, first);
    const [schema] = await database.ask<{ version: number }>(
      "select max(version) as version from weir.schema_version",
    );
    rolled.isMoved = schema?.version !== newestVersion;
    if (rolled.isMoved) {
      const early = await spawnRelay(["start", "--config", first.file], { cwd: join(first.file, "..") });
      const { code } = await early.exited;
      rolled.tooEarly = code === 0 ? "started" : early.stderr();
    }
    rolled.migrated = await weir(today, first, "cluster", "migrate");
    await first.start(today);
    await weir(today, first, "Resume-Node", first.name);

    const roll = async (
      node: RunningNode,
      other: RunningNode,
      to: string,
      otherRuns: string,
    ): Promise<void> => {
      await delay(300 + random() * 700);
      // One of three goes by the cable.
      const isKilled = random() < 1 / 3;
      if (isKilled) await node.signal("SIGKILL");
      else await drainedAway(otherRuns, other, node);
      await node.start(to);
      if (isKilled) rolled.kills++;
      else await weir(otherRuns, other, "Resume-Node", node.name);
      rolled.rolls++;
    };
    const ask = async (byFirst: string, byLast: string): Promise<void> => {
      for (const [program, node] of [
        [byFirst, first],
        [byLast, last],
      ] as const)
        for (const question of [
          "Get-Queue",
          "Get-MessageTrackingLog",
          "Get-Node",
          "Get-EventLog",
          "Get-LimitUsage",
        ]) {
          rolled.asked++;
          const lacking = await lackingIn(program, node, question);
          if (lacking !== undefined) rolled.lacking.push(`${question}: ${lacking}`);
        }
    };
    await ask(today, earlier);
    await roll(last, first, today, today);
    for (let time = 1; time < times; time++) {
      progress(`to and fro, ${time + 1} of ${times}`);
      await roll(first, last, earlier, today);
      await ask(earlier, today);
      await roll(last, first, earlier, earlier);
      await roll(first, last, today, earlier);
      await roll(last, first, today, today);
    }
  };

/** The schema is made anew in place of moved: what waits in it is gone. */
const madeAnew = async ({ rig }: Struck): Promise<void> => {
  const [node] = rig.nodes;
  if (node === undefined) return;
  await waitingMail(rig);
  for (const one of rig.nodes) await one.signal("SIGKILL");
  await rig.database.ask("drop schema weir cascade");
  await rig.database.withSchema("weir");
  for (const one of rig.nodes) await one.start(today);
  rig.away(false);
};

export const nodesUpgrade: Part = {
  name: "nodes-upgrade",
  about: "two nodes rolled from the release before to this one, and to and fro, under load",
  needs: ["linux", "postgres"],
  rounds: { usual: 3, quick: 1 },
  async run({ folder, rounds, seed, from, progress }) {
    progress("building the release before");
    const { ref, program: earlier } = buildEarlier(join(folder, "earlier"), firstWithNodes, from);
    const rolled: Rolled = {
      rolls: 1,
      kills: 0,
      isMoved: false,
      tooEarly: "",
      migrated: "",
      asked: 0,
      lacking: [],
    };
    const where = (name: string) => ({ folder: join(folder, name), seed, progress });
    const result = await underLoad(rolling(earlier, rounds, rolled, progress), 1, {
      ...where("rolled"),
      nodes: 2,
      common: true,
      program: earlier,
    });
    progress("control: the schema is made anew");
    const anew = await underLoad(madeAnew, 1, { ...where("anew"), nodes: 2 });
    const what = `two nodes are rolled between ${ref} and this release under load${rolled.isMoved ? ", the schema moved meanwhile" : ""}`;
    const refused = /weir cluster migrate moves it forward/.test(rolled.tooEarly);
    const tooEarly: Finding = {
      what: "a node of this release is started before the schema was moved",
      count: "once",
      required: "it does not start, and says what to do; then the schema is moved",
      measured: `${refused ? "it says so" : rolled.tooEarly.slice(-300)}; ${rolled.migrated.trim()}`,
      held: refused && /moved from version/.test(rolled.migrated),
    };
    return [
      {
        ...atMostInFlight(what, 1, result, rolled.kills * connectionsOut),
        count: `${rolled.rolls} times, ${rolled.kills} of them by kill -9`,
      },
      visitorFinding("the same", result),
      {
        what: "the same, by what a node answers that is asked for both",
        count: `${rolled.asked} questions`,
        required: "all of both, in either direction",
        measured: rolled.lacking.length === 0 ? "all of both" : rolled.lacking.slice(0, 3).join("; "),
        held: rolled.asked > 0 && rolled.lacking.length === 0,
      },
      ...(rolled.isMoved ? [tooEarly] : []),
      goneForGood("the schema is made anew while mail waits", anew),
    ];
  },
};
