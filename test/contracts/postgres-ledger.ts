/** The ledger's contract on PostgreSQL, and that two nodes together never pass a limit. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/cluster/database/database.ts";
import { createPostgresLedger, type PostgresLedger } from "../../src/cluster/ledger/postgres-ledger.ts";
import { joinCluster, type Membership } from "../../src/cluster/membership/membership.ts";
import type { ConnectionLimits } from "../../src/core/policy/connection-limits.ts";
import type { Ledger } from "../../src/receive/admission/ledger.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import type { TestPostgres } from "../lab/postgres.ts";
import { emptySchema } from "../lab/postgres-spool.ts";
import { describeLedger } from "./ledger-contract.ts";

const limits = (total: number, perSource = Infinity, percentage = 100): ConnectionLimits => ({
  maxInboundConnection: total,
  maxInboundConnectionPerSource: perSource,
  maxInboundConnectionPercentagePerSource: percentage,
});

export function describePostgresLedger(
  connected: () => { readonly server: TestPostgres; readonly database: Database },
): void {
  // A group of its own: its nodes leave before others use the schema.
  describe("a ledger", () => {
    const ends: (() => Promise<void>)[] = [];

    const join = async (name: string, second?: () => number): Promise<PostgresLedger> => {
      const membership: Membership = await joinCluster(connected().database, {
        name,
        installation: name,
        leaseMs: 10_000,
        version: "test",
      });
      const ledger = createPostgresLedger({
        database: connected().database,
        membership,
        ...(second === undefined ? {} : { second }),
      });
      ends.push(async () => {
        ledger.close();
        await membership.leave();
      });
      return ledger;
    };
    const endAll = async (): Promise<void> => {
      for (const end of ends.splice(0)) await end();
      const { heartbeat, name } = connected().database;
      await heartbeat.query(`delete from ${name("minute")}`);
    };

    /** One after the other, also where a test asks nothing of its own. */
    let last: Promise<unknown> = Promise.resolve();
    /** A node by itself: the one before it has gone. */
    const alone = (clock: FakeClock): Ledger => {
      const opened = last.then(endAll).then(() => join("a", () => Math.floor(clock.now() / 1000)));
      last = opened.catch(() => undefined);
      return {
        enter: async (...about) => (await opened).enter(...about),
        spend: async (...about) => (await opened).spend(...about),
        counted: async (charges) => (await opened).counted(charges),
        snapshot: async () => (await opened).snapshot(),
      };
    };

    const begin = async (): Promise<void> => {
      await last;
      await endAll();
    };
    // Nor are nodes there that a test before, which failed, has left.
    beforeAll(() => emptySchema(connected().database));
    afterAll(begin);

    describeLedger("postgres-ledger", alone, 12);

    it("counts over all nodes, and forgets what a node had when it ends", async () => {
      await begin();
      const [a, b] = [await join("a"), await join("b")];
      const enter = (ledger: Ledger, source: string) => ledger.enter("In", source, limits(20, 8));
      const entries = await Promise.all(
        Array.from({ length: 60 }, (_, n) => enter(n % 2 === 0 ? a : b, `s${n % 3}`)),
      );
      const open = (await b.snapshot()).map((entry) => entry.open);
      expect(open.reduce((sum, count) => sum + count, 0)).toBe(20);
      expect(Math.max(...open)).toBeLessThanOrEqual(8);
      expect(entries.filter((entry) => "lease" in entry)).toHaveLength(20);
      expect(await enter(a, "another")).toMatchObject({
        refused: { limit: "maxInboundConnection", seen: 20 },
      });
      // As when it is taken for dead.
      await ends.pop()?.();
      expect(await enter(a, "another")).toHaveProperty("lease");
      for (const entry of entries) if ("lease" in entry) entry.lease.end();
      expect(await a.snapshot()).toEqual([{ connector: "In", source: "another", open: 1 }]);
    });

    it("lets nobody in before every node has told its counts to a database that began anew", async () => {
      await begin();
      const [a, b] = [await join("a"), await join("b")];
      for (const ledger of [a, b])
        for (let n = 0; n < 2; n++) expect(await ledger.enter("In", "s", limits(4))).toHaveProperty("lease");
      await connected().server.kill();
      await connected().server.start();
      const late = a.enter("In", "s", limits(4));
      expect(await late).toEqual({
        refused: { limit: "maxInboundConnection", configured: 4, allowed: 4, seen: 4 },
      });
    });

    it("counts a minute over all nodes, and never more than the limit", async () => {
      await begin();
      const ledgers = [await join("a"), await join("b")];
      let granted = 0;
      for (let round = 0; round < 6; round++) {
        const spent = await Promise.all(
          Array.from({ length: 60 }, (_, n) =>
            (ledgers[n % 2] as Ledger).spend([{ key: "hot", limit: 200 }]),
          ),
        );
        granted += spent.filter(({ refused }) => refused === undefined).length;
      }
      expect(granted).toBeLessThanOrEqual(200);
      // Some may lie with a node for a second, unused.
      expect(granted).toBeGreaterThan(150);
    });
  });
}
