/** Nodes in network namespaces of their own, with one way to the database and another to clients and next hop. One way is cut. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onInterrupt } from "../../../../bench/interrupt.ts";
import { freePort } from "../../../../src/testing/free-port.ts";
import { startPostgres } from "../../../lab/postgres.ts";
import type { Finding, Part } from "../part.ts";
import {
  atMostInFlight,
  connectionsOut,
  goneForGood,
  times,
  underLoad,
  visitorFinding,
  waitingMail,
  type Harm,
} from "./nodes/harm.ts";
import { leaseMs } from "./nodes/node-rig.ts";

/** Addresses nobody routes (RFC 2544). */
const net = "198.18";
const longMs = 60_000;

/** A bridge to the database, one to everybody else, and a namespace for each node with a foot on both. */
function layWires(nodes: number) {
  const run = (...words: string[]): void =>
    void execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
  const name = (of: string): string => `wf${process.pid % 100_000}${of}`;
  const remove = (): void => {
    for (let n = 0; n < nodes; n++) attempt(() => run("netns", "del", name(`n${n}`)));
    for (const way of ["d", "c"]) attempt(() => run("link", "del", name(way)));
  };
  const forget = onInterrupt(remove);
  try {
    for (const [way, third] of [
      ["d", 1],
      ["c", 2],
    ] as const) {
      run("link", "add", name(way), "type", "bridge");
      run("addr", "add", `${net}.${third}.1/24`, "dev", name(way));
      run("link", "set", "dev", name(way), "up");
    }
    for (let n = 0; n < nodes; n++) {
      const space = name(`n${n}`);
      run("netns", "add", space);
      run("-n", space, "link", "set", "dev", "lo", "up");
      for (const [way, third] of [
        ["d", 1],
        ["c", 2],
      ] as const) {
        const inside = `way${way}`;
        run("link", "add", name(`${way}${n}`), "type", "veth", "peer", "name", inside, "netns", space);
        run("link", "set", "dev", name(`${way}${n}`), "master", name(way), "up");
        run("-n", space, "addr", "add", `${net}.${third}.${n + 10}/24`, "dev", inside);
        run("-n", space, "link", "set", "dev", inside, "up");
      }
    }
  } catch (error) {
    remove();
    forget();
    throw error;
  }
  return {
    database: `${net}.1.1`,
    outside: `${net}.2.1`,
    addressOf: (n: number) => `${net}.2.${n + 10}`,
    under: (n: number) => ["ip", "netns", "exec", name(`n${n}`)],
    /** Nothing comes through, and nobody is told. */
    cut: (n: number) => run("link", "set", "dev", name(`d${n}`), "nomaster"),
    mend: (n: number) => run("link", "set", "dev", name(`d${n}`), "master", name("d")),
    remove() {
      remove();
      forget();
    },
  };
}

function attempt(what: () => void): void {
  try {
    what();
  } catch {
    // It was not there.
  }
}

export const nodesCut: Part = {
  name: "nodes-cut",
  about: "a node of two is cut off from the database, and stays where its clients and next hop are",
  needs: ["linux", "root", "postgres", "namespaces"],
  rounds: { usual: 3, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    const findings: Finding[] = [];
    const wires = layWires(2);
    const cutMs = rounds < 3 ? leaseMs * 5 : longMs;
    let late = 0;
    try {
      const servers = await Promise.all(
        [1, 2].map(async () =>
          startPostgres({ fsync: true, listen: { address: wires.database, port: await freePort() } }),
        ),
      );
      const databases = servers.map((server) => ({
        hosts: [`${wires.database}:${server.port}`],
        makeSchema: (schema: string) => server.withSchema(schema),
        stop: () => server.stop(),
      }));
      const place = { nodeAddress: wires.addressOf, sinkAddress: wires.outside, under: wires.under };
      const cutOff: Harm = async ({ rig, random }) => {
        const n = Math.floor(random() * 2);
        const name = rig.nodes[n]?.name ?? "";
        wires.cut(n);
        // What was under way has been answered, and others have taken over what was not.
        await delay(leaseMs * 2);
        const before = rig.secondBy(name);
        await delay(cutMs - leaseMs * 2);
        wires.mend(n);
        await delay(leaseMs * 3);
        late += rig.secondBy(name) - before;
      };
      const result = await underLoad(cutOff, rounds, {
        folder: join(folder, "cut"),
        seed,
        progress,
        nodes: 2,
        database: databases[0]!,
        place,
      });
      const what = `a node of two is cut off from the database for ${cutMs / 1_000} s`;
      findings.push(
        atMostInFlight(what, rounds, result, rounds * connectionsOut),
        {
          what: "the same, by what it sends once others have its mail",
          count: times(rounds),
          required: "nothing that another node has delivered",
          measured: `${late} messages`,
          held: late === 0,
        },
        visitorFinding("the same", result),
      );

      progress("two that share nothing, one cut off for good");
      const cutForGood: Harm = async ({ rig }) => {
        await waitingMail(rig);
        wires.cut(0);
        await delay(leaseMs * 2);
        rig.away(false);
      };
      const alone = await underLoad(cutForGood, 1, {
        folder: join(folder, "alone"),
        seed: seed + 1,
        progress,
        nodes: 2,
        apart: true,
        database: databases[1]!,
        place,
      });
      const same = "the same with nodes that share nothing";
      findings.push(goneForGood(`${same}, one cut off for good`, alone), {
        ...visitorFinding(same, alone),
        control: true,
      });
    } finally {
      wires.remove();
    }
    return findings;
  },
};
