/** The spool's contract on PostgreSQL, and a few of its random lives; more of them in `npm run faults -- --cluster`. */
import type { Database } from "../../src/cluster/database/database.ts";
import { emptySchema, openNode } from "../lab/postgres-spool.ts";
import { describeSpool } from "./spool-contract.ts";
import { describeSpoolProperties } from "./spool-properties.ts";

/** No node is to end while a test waits for the machine. */
const leaseMs = 600_000;

export function describePostgresSpool(connected: () => Database): void {
  describeSpool("postgres-spool", async (options) => {
    let node = await openNode({ ...options, leaseMs, database: connected() });
    return {
      spool: node.spool,
      keepsReleases: true,
      reopen: async (clock = options.clock) => {
        await node.close();
        node = await openNode({ ...options, leaseMs, database: connected(), clock });
        return node.spool;
      },
      // A node that cannot be closed stands in nobody's way.
      async end() {
        try {
          await node.close();
        } finally {
          await emptySchema(connected());
        }
      },
    };
  });

  describeSpoolProperties({
    name: "the spool on PostgreSQL",
    numRuns: 3,
    maxSteps: 40,
    keepsReleases: true,
    async open({ clock, inlineLimitBytes }) {
      let node = await openNode({ clock, inlineLimitBytes, leaseMs, database: connected() });
      const again = async (): Promise<typeof node.spool> => {
        node = await openNode({ clock, inlineLimitBytes, leaseMs, database: connected() });
        return node.spool;
      };
      return {
        spool: node.spool,
        async restart() {
          await node.close();
          return again();
        },
        async crash() {
          const before = node;
          // The one that comes under its name ends it, whatever it still does.
          const spool = await again();
          await before.close();
          return spool;
        },
        async end() {
          try {
            await node.close();
          } finally {
            await emptySchema(connected());
          }
        },
      };
    },
  });
}
