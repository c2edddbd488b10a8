/** Between nodes and database stands PgBouncer in transaction mode: each call may be another connection's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { onInterrupt } from "../../../../bench/interrupt.ts";
import { freePort } from "../../../../src/testing/free-port.ts";
import { databaseUser, startPostgres } from "../../../lab/postgres.ts";
import type { Part } from "../part.ts";
import {
  atMostInFlight,
  connectionsOut,
  goneForGood,
  killForGood,
  underLoad,
  visitorFinding,
  type Harm,
} from "./nodes/harm.ts";
import { leaseMs, type RigDatabase } from "./nodes/node-rig.ts";

const kill: Harm = async ({ rig: { nodes }, random }) => {
  const node = nodes[Math.floor(random() * nodes.length)];
  await node?.signal("SIGKILL");
  await delay(leaseMs * 2);
  await node?.start();
};

async function startPooled(folder: string): Promise<RigDatabase> {
  const server = await startPostgres({ fsync: true });
  const at = join(folder, "pgbouncer");
  mkdirSync(at, { recursive: true });
  const who = databaseUser();
  if (who !== undefined) chownSync(at, who.uid, who.gid);
  const port = await freePort();
  const file = join(at, "pgbouncer.ini");
  writeFileSync(join(at, "users"), '"weir" ""\n');
  writeFileSync(
    file,
    `[databases]
* = host=${server.folder} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(at, "users")}
pool_mode = transaction
default_pool_size = 4
`,
  );
  const pooler = spawn("pgbouncer", [file], { ...who, cwd: at, stdio: "ignore" });
  const forget = onInterrupt(() => void pooler.kill("SIGKILL"));
  for (let tries = 0; ; tries++) {
    const client = new Client({ host: "127.0.0.1", port, user: "weir", database: "postgres" });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      break;
    } catch (error) {
      if (tries > 100) throw error;
      await delay(50);
    }
  }
  return {
    hosts: [`127.0.0.1:${port}`],
    makeSchema: (schema) => server.withSchema(schema),
    async stop() {
      const ended = once(pooler, "exit");
      pooler.kill("SIGTERM");
      pooler.kill("SIGKILL");
      await ended;
      forget();
      await server.stop();
    },
  };
}

export const nodesPooler: Part = {
  name: "nodes-pooler",
  about: "two nodes behind PgBouncer in transaction mode, one killed",
  needs: ["linux", "postgres", "pgbouncer"],
  rounds: { usual: 5, quick: 1 },
  async run({ folder, rounds, seed, progress }) {
    const database = await startPooled(folder);
    const result = await underLoad(kill, rounds, {
      folder: join(folder, "pooled"),
      seed,
      progress,
      nodes: 2,
      database,
    });
    const what = "through PgBouncer in transaction mode, four connections for all: a node is killed";
    progress("two that share nothing, one killed for good");
    const alone = await underLoad(killForGood, 1, {
      folder: join(folder, "alone"),
      seed: seed + 1,
      progress,
      nodes: 2,
      apart: true,
      database: await startPooled(join(folder, "other")),
    });
    const same = "the same with nodes that share nothing";
    return [
      atMostInFlight(what, rounds, result, rounds * connectionsOut),
      visitorFinding("the same", result),
      goneForGood(`${same}, one killed for good`, alone),
      { ...visitorFinding(same, alone), control: true },
    ];
  },
};
