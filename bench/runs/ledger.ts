/** The door of several nodes: how many decisions their database makes, and that no limit is ever passed. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/cluster/database/database.ts";
import { createPostgresLedger, type PostgresLedger } from "../../src/cluster/ledger/postgres-ledger.ts";
import { joinCluster } from "../../src/cluster/membership/membership.ts";
import type { DatabaseSettings } from "../../src/core/policy/cluster-settings.ts";
import { noPostgres, startPostgres } from "../../test/lab/postgres.ts";
import { median } from "../median.ts";
import { readNodes } from "../node-load.ts";
import { progress } from "../progress.ts";
import type { Run } from "./run.ts";

const visitors = 50;
const hotDecisions = 200_000;
const hotLimit = 20;
const mostHotMs = 90_000;
const rateLimit = 1_000;

export const ledger: Run = {
  name: "ledger",
  about: "limits over nodes: door decisions a second, a lone one, a hot source, a rate",
  isApart: true,
  missing: () => noPostgres,
  async run({ folder, rounds, seconds, messages }) {
    // The server is not root.
    chmodSync(folder, 0o711);
    chmodSync(join(folder, ".."), 0o711);
    const server = await startPostgres({ fsync: true });
    try {
      const settings = await server.withSchema("weir");
      const each = Math.max(1, Math.min(3, seconds));
      const door = async (nodes: number, many: number) =>
        readNodes(
          Array.from({ length: nodes }, (_, n) => ({
            kind: "door" as const,
            name: `n${n}`,
            settings,
            visitors: many,
            seconds: each,
          })),
        );
      const total = (reads: Awaited<ReturnType<typeof door>>): number =>
        reads.reduce((sum, { perSecond }) => sum + perSecond, 0);
      const [one, four, lone50, lone99]: number[][] = [[], [], [], []];
      for (let round = 1; round <= rounds; round++) {
        progress(`ledger: round ${round} of ${rounds}`);
        one?.push(total(await door(1, visitors)));
        four?.push(total(await door(4, visitors)));
        const [alone] = await door(1, 1);
        lone50?.push(alone?.p50Ms ?? NaN);
        lone99?.push(alone?.p99Ms ?? NaN);
      }
      progress("ledger: one hot source");
      const hot = await readHot(settings, Math.min(hotDecisions, messages * 40));
      progress("ledger: a rate");
      const rate = await readRate(settings);
      const [ones, fours, p50, p99] = [one, four, lone50, lone99].map((all) => median(all ?? []));
      const figure = (value: number | undefined, digits: number): string => (value ?? NaN).toFixed(digits);
      return {
        title: "The door of several nodes",
        table: [
          ["", "decisions a second"],
          ["one node, 50 visitors", figure(ones, 0)],
          ["four nodes, 50 visitors each", figure(fours, 0)],
          ["four nodes in one process, one hot source", hot.perSecond.toFixed(0)],
        ],
        notes: [
          `A lone decision takes ${figure(p50, 2)} ms (p50), ${figure(p99, 2)} ms (p99). That the rule is the program's: npm run faults -- --only nodes-rule.`,
        ],
        marks: [
          {
            name: "door decisions, one node",
            required: "≥ 10000 a second",
            measured: figure(ones, 0),
            met: (ones ?? 0) >= 10_000,
          },
          {
            name: "door decisions, four nodes",
            required: "≥ 25000 a second",
            measured: figure(fours, 0),
            met: (fours ?? 0) >= 25_000,
          },
          {
            name: "four nodes to one",
            required: "≥ 1.5 ×",
            measured: `${((fours ?? NaN) / (ones ?? NaN)).toFixed(2)} ×`,
            met: (fours ?? 0) >= 1.5 * (ones ?? NaN),
          },
          {
            name: "a lone decision, p50 and p99",
            required: "≤ 1 ms, ≤ 5 ms",
            measured: `${figure(p50, 2)} ms, ${figure(p99, 2)} ms`,
            met: (p50 ?? NaN) <= 1 && (p99 ?? NaN) <= 5,
          },
          {
            name: `a hot source at four nodes, ${hot.decisions} decisions`,
            required: `never more than ${hotLimit}`,
            measured: `${hot.most}`,
            met: hot.most === hotLimit,
          },
          {
            name: "a rate at two nodes: counted, of what is allowed",
            required: "95 to 100 %",
            measured: `${((100 * rate) / rateLimit).toFixed(1)} %`,
            met: rate <= rateLimit && rate >= 0.95 * rateLimit,
          },
        ],
      };
    } finally {
      await server.stop();
    }
  },
};

async function withLedgers<Answer>(
  settings: DatabaseSettings,
  many: number,
  work: (ledgers: readonly PostgresLedger[]) => Promise<Answer>,
): Promise<Answer> {
  const nodes = await Promise.all(
    Array.from({ length: many }, async (_, n) => {
      const database = openDatabase(settings);
      const name = `m${n}`;
      const membership = await joinCluster(database, {
        name,
        installation: name,
        leaseMs: 10_000,
        version: "bench",
      });
      return { database, membership, ledger: createPostgresLedger({ database, membership }) };
    }),
  );
  try {
    return await work(nodes.map((node) => node.ledger));
  } finally {
    for (const node of nodes) {
      node.ledger.close();
      await node.membership.leave();
      node.database.close();
    }
  }
}

/** In one process, so that all that are in are seen. */
async function readHot(settings: DatabaseSettings, wanted: number) {
  const limits = {
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: hotLimit,
    maxInboundConnectionPercentagePerSource: 100,
  };
  return withLedgers(settings, 4, async (ledgers) => {
    let [decisions, inside, most] = [0, 0, 0];
    const startedAt = performance.now();
    const visitor = async (ledgerOf: PostgresLedger): Promise<void> => {
      while (decisions < wanted && performance.now() - startedAt < mostHotMs) {
        const entry = await ledgerOf.enter("Hot", "source", limits);
        decisions++;
        if (!("lease" in entry)) continue;
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
        entry.lease.end();
      }
    };
    await Promise.all(ledgers.flatMap((one) => Array.from({ length: visitors }, () => visitor(one))));
    return { decisions, most, perSecond: (1_000 * decisions) / (performance.now() - startedAt) };
  });
}

/** How many of one key are counted within a minute, asked for more than there are. */
async function readRate(settings: DatabaseSettings): Promise<number> {
  return withLedgers(settings, 2, async (ledgers) => {
    let granted = 0;
    const since = performance.now();
    // What one has taken ahead and not used is given back after a second.
    while (performance.now() - since < 4_000) {
      const spent = await Promise.all(
        ledgers.flatMap((one) =>
          Array.from({ length: 40 }, () => one.spend([{ key: "hot", limit: rateLimit }])),
        ),
      );
      granted += spent.filter(({ refused }) => refused === undefined).length;
    }
    return granted;
  });
}
