/** Two releases on one database: what a step of the schema may do while nodes of the release before run. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase, type Database } from "../../src/cluster/database/database.ts";
import { openSession } from "../../src/cluster/database/session.ts";
import { createPostgresLedger } from "../../src/cluster/ledger/postgres-ledger.ts";
import { joinCluster } from "../../src/cluster/membership/membership.ts";
import { createDrain } from "../../src/cluster/nodes/drain.ts";
import { listNodes } from "../../src/cluster/nodes/node-list.ts";
import type { Presence } from "../../src/cluster/nodes/node-contract.ts";
import { openPresence } from "../../src/cluster/nodes/presence.ts";
import { migrateSchema, schemaState, whyUnfit } from "../../src/cluster/schema/migrate.ts";
import { migrations, newestVersion, type Migration } from "../../src/cluster/schema/migrations.ts";
import { acceptMessage } from "../../src/testing/spool-messages.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import type { TestPostgres } from "../lab/postgres.ts";
import { openNode, type TestNode } from "../lab/postgres-spool.ts";

const longMs = 3_600_000;
const next = newestVersion + 1;
const additive: Migration = { version: next, minReader: 1, sql: "alter table node add column of_later int;" };
/** Nodes of this release would not work with it. */
const breaking: Migration = { version: next, minReader: next, sql: "create table of_later (n int);" };

export function describePostgresReleases(serverOf: () => { readonly server: TestPostgres }): void {
  describe("releases side by side", () => {
    let schema: string;
    let database: Database;
    let made = 0;
    const opened: { readonly node: TestNode; readonly presence: Presence }[] = [];

    beforeEach(() => {
      schema = `release${++made}`;
      database = openDatabase(serverOf().server.settings(schema));
    });
    afterEach(async () => {
      for (const { node, presence } of opened.splice(0)) {
        presence.close();
        await node.close();
      }
      database.close();
    });

    const migrate = async (all: readonly Migration[], tries = 1, turnMs = 60_000) => {
      const session = openSession(serverOf().server.settings(schema), "test");
      return migrateSchema(session, schema, { all, tries, turnMs }).finally(() => session.close());
    };
    const open = async (name: string) => {
      const clock = createFakeClock();
      const node = await openNode({ clock, name, leaseMs: longMs, database });
      const { membership } = node;
      const presence = await openPresence({ database, membership, node: name, clock, everyMs: longMs });
      const one = { node, presence, drain: createDrain({ presence, clock, delayMs: 0 }) };
      opened.push(one);
      return one;
    };
    const unfit = async () => whyUnfit(await schemaState(database.heartbeat, schema));

    test("a node of this one does not start on the schema of the one before, and says what to do", async () => {
      await migrate(migrations.filter(({ version }) => version < newestVersion));
      expect(await unfit()).toBe(
        `the database's schema has version ${newestVersion - 1}, this release needs ${newestVersion}; weir cluster migrate moves it forward`,
      );
      expect(await migrate(migrations)).toEqual({ before: newestVersion - 1, after: newestVersion });
      expect(await unfit()).toBeUndefined();
    });

    test("a node goes on, and another starts, where the schema was moved by a step they work with", async () => {
      await migrate(migrations);
      const { node, presence, drain } = await open("a");
      expect(await migrate([...migrations, additive])).toEqual({ before: newestVersion, after: next });
      await presence.look();
      expect([drain.suspended, await unfit()]).toEqual([undefined, undefined]);
      await acceptMessage(node.spool);
      await open("b");
      expect(presence.peers).toEqual([]);
      await presence.look();
      expect(presence.peers).toMatchObject([{ name: "b" }]);
      // Run by this release there is nothing to do, and nothing to complain of.
      expect(await migrate(migrations)).toEqual({ before: next, after: next });
    });

    test("a step that a living node could not follow is refused with its name, whatever release it is of", async () => {
      await migrate(migrations);
      const { node, presence } = await open("a");
      const { name } = database;
      const refused = `a runs a release that would not work with it (it needs one that knows version ${next}): stop it first, or roll the release between; nothing was changed`;
      await expect(migrate([...migrations, breaking])).rejects.toThrow(refused);
      // One from before nodes said what they know.
      await database.heartbeat.query(`update ${name("node")} set knows = null`);
      await expect(migrate([...migrations, { ...breaking, minReader: newestVersion }])).rejects.toThrow(
        "a runs a release that would not work with it",
      );
      expect(await schemaState(database.heartbeat, schema)).toMatchObject({ version: newestVersion });
      await presence.look();
      expect((await listNodes(database.inspection, name))[0]?.state).toBe("Up");
      await node.close();
      expect(await migrate([...migrations, breaking])).toEqual({ before: newestVersion, after: next });
      expect(await unfit()).toBe(
        `the database's schema has version ${next} and needs a release that knows ${next}; this one knows ${newestVersion}: install the later one here`,
      );
      await expect(migrate(migrations)).rejects.toThrow("install the later one here");
    });

    test("of several that make or move it at once one does, and the others find it done", async () => {
      const threeAtOnce = () => Promise.all(Array.from({ length: 3 }, () => migrate(migrations)));
      const befores = (all: readonly { readonly before: number }[]) =>
        all.map(({ before }) => before).toSorted((one, other) => one - other);
      const isThere = Array.from({ length: 2 }, () => newestVersion);
      expect(befores(await threeAtOnce())).toEqual([0, ...isThere]);
      await database.heartbeat.query(`drop schema ${schema} cascade`);
      await migrate(migrations.filter(({ version }) => version < newestVersion));
      expect(befores(await threeAtOnce())).toEqual([newestVersion - 1, ...isThere]);
    });

    test("what is counted at the doors, and what each minute has, outlives the step that gave those rows turns", async () => {
      await migrate(migrations.filter(({ version }) => version < 17));
      const membership = await joinCluster(database, {
        name: "a",
        installation: "a",
        leaseMs: longMs,
        version: "test",
      });
      const ledger = createPostgresLedger({ database, membership, second: () => 1_000 });
      const limits = {
        maxInboundConnection: 3,
        maxInboundConnectionPerSource: 3,
        maxInboundConnectionPercentagePerSource: 100,
      };
      const enter = async (source: string): Promise<boolean> =>
        "lease" in (await ledger.enter("In", source, limits));
      const spend = async (): Promise<number> => (await ledger.spend([{ key: "k", limit: 9 }])).seen;
      try {
        expect([await enter("s"), await enter("t"), await spend()]).toEqual([true, true, 0]);
        const told = () =>
          ledger
            .snapshot()
            .then((all) =>
              all.map(({ source, open: count }) => `${source} ${count}`).sort((a, b) => (a < b ? -1 : 1)),
            );
        const before = await told();
        await migrate(migrations);
        expect(await told()).toEqual(before);
        expect([await enter("s"), await enter("s"), await spend()]).toEqual([true, false, 1]);
      } finally {
        ledger.close();
        await membership.leave();
      }
    });

    test("one that is under way is waited for, and named where it takes too long", async () => {
      const { server } = serverOf();
      const other = openSession(server.settings(schema), "somebody");
      try {
        await other.query("begin");
        await other.query("select pg_advisory_xact_lock(hashtext('weir schema ' || $1))", [schema]);
        await expect(migrate(migrations, 1, 0)).rejects.toThrow(
          "another weir cluster migrate moves the schema still; nothing was changed here, try again when it is over",
        );
        const waiting = migrate(migrations);
        await other.query("commit");
        expect(await waiting).toEqual({ before: 0, after: newestVersion });
      } finally {
        other.close();
      }
    });

    test("a node that finds the schema moved on all the same gives away what it has, and goes on when it is back", async () => {
      await migrate(migrations);
      const { presence, drain } = await open("a");
      const { heartbeat, inspection, name } = database;
      const heard: (string | undefined)[] = [];
      presence.onChanged((suspended) => heard.push(suspended?.outdated));
      await heartbeat.query(
        `insert into ${name("schema_version")} (version, min_reader) values (${next}, ${next})`,
      );
      await presence.look();
      await presence.look();
      expect([drain.isClosed, drain.suspended?.by]).toEqual([true, "weir cluster migrate"]);
      expect((await listNodes(inspection, name))[0]?.state).toBe("Drained");
      await heartbeat.query(`delete from ${name("schema_version")} where version = ${next}`);
      await presence.look();
      expect([drain.isClosed, drain.suspended]).toEqual([false, undefined]);
      expect(heard).toEqual([expect.stringContaining("install the later one here"), undefined]);
    });

    test("a step waits for nobody's open transaction, for nodes would wait behind it", async () => {
      const { server } = serverOf();
      await migrate(migrations);
      const { node } = await open("a");
      const other = openSession(server.settings(schema), "somebody");
      try {
        await other.query("begin");
        await other.query(`select * from ${database.name("node")}`);
        await expect(migrate([...migrations, additive])).rejects.toThrow(
          "somebody has a transaction open that uses the tables (pg_stat_activity shows who); nothing was changed, try again",
        );
        await acceptMessage(node.spool);
        await other.query("rollback");
        expect(await migrate([...migrations, additive])).toEqual({ before: newestVersion, after: next });
      } finally {
        other.close();
      }
    });
  });
}
