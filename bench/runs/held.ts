/** A transaction that somebody left open in the nodes' database: old row versions stay for as long as it lasts. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { createPostgresLedger } from "../../src/cluster/ledger/postgres-ledger.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import type { Spool } from "../../src/spool/spool.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../../test/lab/postgres.ts";
import { openNode } from "../../test/lab/postgres-spool.ts";
import { median, quantilesOf } from "../median.ts";
import { progress } from "../progress.ts";
import { acceptOne, readSpool, settleAll } from "../spool-load.ts";
import type { Run } from "./run.ts";

const heldMs = 60_000;
const perSecond = 2_000;
const tickMs = 10;
const writers = 100;
const limits = {
  maxInboundConnection: 5_000,
  maxInboundConnectionPerSource: 20,
  maxInboundConnectionPercentagePerSource: 100,
};

export const heldSnapshot: Run = {
  name: "held",
  about: `a transaction left open in the nodes' database for ${heldMs / 1_000} s, at ${perSecond} messages a second`,
  isApart: true,
  missing: () => noPostgres,
  async run({ folder, rounds, messages }) {
    // The server is not root.
    chmodSync(folder, 0o711);
    chmodSync(join(folder, ".."), 0o711);
    const server = await startPostgres({
      fsync: true,
      settings: { shared_buffers: "256MB", max_wal_size: "4GB" },
    });
    const node = await openNode({ clock: createSystemClock(), settings: await server.withSchema("weir") });
    const { spool, database, membership } = node;
    const ledger = createPostgresLedger({ database, membership });
    // A smoke run is short.
    const ms = messages < 1_000 ? 1_000 : heldMs;
    try {
      const settled = settleAll(spool);
      const most = async (): Promise<number> => {
        const all: number[] = [];
        for (let round = 0; round < rounds; round++) {
          progress(`held: round ${round + 1} of ${rounds}`);
          all.push((await readSpool(spool, settled, writers, messages)).perSecond);
        }
        return median(all);
      };
      const doors = async (forMs: number): Promise<readonly number[]> => {
        const times: number[] = [];
        for (const until = performance.now() + forMs; performance.now() < until;) {
          const since = performance.now();
          const entry = await ledger.enter("In", "source", limits);
          times.push(performance.now() - since);
          if ("lease" in entry) entry.lease.end();
          await delay(5);
        }
        return times;
      };
      const readings = async (forMs: number) => {
        const [times, paced] = await Promise.all([doors(forMs), pacedLoad(spool, settled, forMs)]);
        return { at: quantilesOf(times.slice(-Math.ceil(times.length / 3))), paced };
      };
      await most();
      const freely = await most();
      const quiet = await readings(ms / 6);
      const client = await leftOpen(server);
      progress(`held: ${ms / 1_000} s`);
      const held = await readings(ms);
      const [{ dead } = { dead: 0 }] = await server.ask<{ dead: number }>(
        "select coalesce(sum(n_dead_tup), 0)::int as dead from pg_stat_user_tables",
      );
      const meanwhile = await most();
      await client.end();
      const behind = await most();
      const ratio = meanwhile / freely;
      return {
        title: "A transaction left open in the nodes' database",
        table: [
          ["", "messages a second, 100 writers", `door p50, p99 at ${perSecond} a second`, "sent a second"],
          ["before", freely.toFixed(0), doorText(quiet.at), quiet.paced.toFixed(0)],
          [`held for ${ms / 1_000} s`, meanwhile.toFixed(0), doorText(held.at), held.paced.toFixed(0)],
          ["ended", behind.toFixed(0), "", ""],
        ],
        notes: [`${dead} row versions could not be removed. Doors: of the last third of that time.`],
        marks: [
          {
            name: "accept and settle under it, to before",
            required: "≥ 0.9 ×",
            measured: `${ratio.toFixed(2)} ×`,
            met: ratio >= 0.9,
          },
          {
            name: "a decision at the door under it, p99",
            required: "≤ 10 ms",
            measured: `${held.at(0.99).toFixed(1)} ms`,
            met: held.at(0.99) <= 10,
          },
        ],
      };
    } finally {
      ledger.close();
      await node.close();
      await server.stop();
    }
  },
};

const doorText = (at: (part: number) => number): string =>
  `${at(0.5).toFixed(2)} ms, ${at(0.99).toFixed(1)} ms`;

/** With a snapshot and a number of its own, as somebody leaves it who went to lunch. */
async function leftOpen(server: TestPostgres): Promise<Client> {
  const client = new Client({ host: server.folder, port: server.port, user: "weir", database: "postgres" });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("begin isolation level repeatable read");
  await client.query("select txid_current(), count(*) from weir.entry");
  return client;
}

/** Resolves with how many a second were settled. */
async function pacedLoad(spool: Spool, settled: () => Promise<unknown>, ms: number): Promise<number> {
  const startedAt = performance.now();
  const open = new Set<Promise<void>>();
  let sent = 0;
  while (performance.now() - startedAt < ms) {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000);
    for (; sent < due && open.size < perSecond; sent++) {
      const one: Promise<void> = acceptOne(spool).finally(() => open.delete(one));
      open.add(one);
    }
    await delay(tickMs);
  }
  await Promise.all(open);
  await settled();
  return (1_000 * sent) / (performance.now() - startedAt);
}
