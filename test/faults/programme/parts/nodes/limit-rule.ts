/** The rule of limits as the database has it against the one of core/policy, on random sequences at several nodes. */
import {
  refuseConnection,
  type ConnectionCounts,
  type ConnectionLimits,
} from "../../../../../src/core/policy/connection-limits.ts";
import { openDatabase } from "../../../../../src/cluster/database/database.ts";
import { createPostgresLedger } from "../../../../../src/cluster/ledger/postgres-ledger.ts";
import { joinCluster } from "../../../../../src/cluster/membership/membership.ts";
import type { DatabaseSettings } from "../../../../../src/core/policy/cluster-settings.ts";
import type { Lease } from "../../../../../src/receive/admission/ledger.ts";

const sources = ["a", "b", "c"];
const steps = 12;

export interface RuleResult {
  readonly sequences: number;
  readonly decisions: number;
  /** Where the two differ. */
  readonly differences: readonly string[];
}

/** `seen`: what the program is told of the counts. */
export async function compareRule(
  settings: DatabaseSettings,
  sequences: number,
  random: () => number,
  seen: (counts: ConnectionCounts) => ConnectionCounts = (counts) => counts,
): Promise<RuleResult> {
  const chosen = <One>(from: readonly One[]): One => from[Math.floor(random() * from.length)] as One;
  const drawLimits = (): ConnectionLimits => ({
    maxInboundConnection: chosen([1, 2, 3, 5, 7, 20, Infinity]),
    maxInboundConnectionPerSource: chosen([1, 2, 3, 4, 9, Infinity]),
    maxInboundConnectionPercentagePerSource: chosen([1, 2, 10, 33, 50, 67, 99, 100]),
  });
  const nodes = await Promise.all(
    ["x", "y"].map(async (name) => {
      const database = openDatabase(settings);
      const membership = await joinCluster(database, {
        name,
        installation: name,
        leaseMs: 300_000,
        version: "test",
      });
      const ledger = createPostgresLedger({ database, membership });
      return { database, membership, ledger };
    }),
  );
  const differences: string[] = [];
  let decisions = 0;
  try {
    for (let n = 0; n < sequences; n++) {
      const connector = `c${sequences}-${n}`;
      const open: { readonly source: string; readonly lease: Lease }[] = [];
      for (let step = 0; step < steps; step++) {
        const leaving = random() < 0.3 ? open.splice(Math.floor(random() * open.length), 1)[0] : undefined;
        if (leaving !== undefined) {
          leaving.lease.end();
          // It is told before the other node asks.
          await Promise.all(nodes.map(({ ledger }) => ledger.told()));
          continue;
        }
        const [source, limits, { ledger }] = [chosen(sources), drawLimits(), chosen(nodes)];
        const counts = {
          open: open.length,
          openFromSource: open.filter((one) => one.source === source).length,
        };
        const wanted = refuseConnection(limits, seen(counts));
        const came = await ledger.enter(connector, source, limits);
        await ledger.told();
        decisions++;
        const refused = "refused" in came ? came.refused : undefined;
        if (JSON.stringify(refused) !== JSON.stringify(wanted))
          differences.push(JSON.stringify({ limits, counts, wanted, refused }));
        if ("lease" in came) open.push({ source, lease: came.lease });
      }
      for (const { lease } of open) lease.end();
    }
  } finally {
    for (const { database, membership, ledger } of nodes) {
      ledger.close();
      await membership.leave();
      database.close();
    }
  }
  return { sequences, decisions, differences };
}
