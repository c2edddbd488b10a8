/** What nodes show of each other, and how one is drained. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/cluster/database/database.ts";
import { createDrain, type Drain } from "../../src/cluster/nodes/drain.ts";
import type { NodeView, Presence } from "../../src/cluster/nodes/node-contract.ts";
import { createNodeView } from "../../src/cluster/nodes/node-view.ts";
import { openPresence } from "../../src/cluster/nodes/presence.ts";
import { submissionQueue } from "../../src/spool/spool.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { acceptMessage } from "../../src/testing/spool-messages.ts";
import { emptySchema, openNode, type TestNode } from "../lab/postgres-spool.ts";

const longMs = 3_600_000;

export function describePostgresNodes(databaseOf: () => Database): void {
  describe("nodes", () => {
    let database: Database;
    const opened: { node: TestNode; presence: Presence; drain: Drain }[] = [];

    beforeEach(async () => {
      database = databaseOf();
      await emptySchema(database);
      await database.heartbeat.query(`delete from ${database.name("node_suspension")}`);
    });
    afterEach(async () => {
      for (const { node, presence, drain } of opened.splice(0)) {
        drain.close();
        presence.close();
        await node.close();
      }
    });

    const open = async (
      name: string,
      options: { leaseMs?: number; delayMs?: number; forgetAfterMs?: number } = {},
    ) => {
      const { leaseMs = longMs, delayMs = 0, forgetAfterMs = longMs } = options;
      const clock = createFakeClock();
      let isDraining = (): boolean => false;
      const node = await openNode({ clock, name, leaseMs, database, isDraining: () => isDraining() });
      const presence = await openPresence({
        database,
        membership: node.membership,
        node: name,
        clock,
        everyMs: longMs,
        forgetAfterMs,
      });
      const drain = createDrain({ presence, clock, delayMs });
      isDraining = () => drain.suspended !== undefined;
      const view: NodeView = createNodeView({ node: name, database, presence, drain });
      const one = { node, presence, drain, view, clock };
      opened.push(one);
      return one;
    };
    const states = async (view: NodeView) =>
      (await view.list()).map(({ name, state, suspended }) => [name, state, suspended?.by]);

    test("are told apart: up, not heard, stopped, down, and up again with another number", async () => {
      const a = await open("a");
      const b = await open("b", { leaseMs: 1_000_000 });
      expect(await states(a.view)).toEqual([
        ["a", "Up", undefined],
        ["b", "Up", undefined],
      ]);
      const [before] = await b.view.list();
      expect(before).toMatchObject({ version: "test", holds: 0, connections: 0, leaseMs: longMs });
      const over = `update ${database.name("node")} set lease_until = clock_timestamp() - interval '1 s' where name = 'b'`;
      await database.heartbeat.query(over);
      expect((await states(a.view))[1]).toEqual(["b", "NotHeard", undefined]);
      await database.heartbeat.query(
        `select ${database.name("end_node_1")}(${b.node.membership.current?.nodeId})`,
      );
      expect((await states(a.view))[1]).toEqual(["b", "Down", undefined]);
      const again = await open("b");
      expect((await states(a.view))[1]).toEqual(["b", "Up", undefined]);
      await again.node.close();
      expect((await states(a.view))[1]).toEqual(["b", "Stopped", undefined]);
    });

    test("that are gone are shown as long as they said, or until they are removed, with all that was said of them", async () => {
      const a = await open("a");
      const pod = await open("pod", { forgetAfterMs: 0 });
      const c = await open("c");
      await acceptMessage(pod.node.spool);
      const { inspection, name } = database;
      const applied = async () =>
        (
          await inspection.query<{ node: string }>(
            `select node from ${name("configuration_applied")} order by node`,
          )
        ).map(({ node }) => node);
      for (const node of ["a", "pod", "c"])
        await inspection.query(`select ${name("configuration_applied_1")}($1, 1, '[]')`, [node]);
      expect(await c.view.remove("pod")).toBe(false);
      await a.view.suspend("c", "ann");
      await pod.node.close();
      await c.node.close();
      await a.view.look();
      expect(await states(a.view)).toEqual([
        ["a", "Up", undefined],
        ["c", "Stopped", "ann"],
      ]);
      expect(a.view.peers.map((peer) => peer.name)).toEqual(["c"]);
      // Others have what it held, and its ids are not drawn again.
      expect(await a.node.spool.claim(submissionQueue, 10, Infinity)).toHaveLength(1);
      expect(await inspection.query(`select 1 from ${name("node")} where name = 'pod'`)).toHaveLength(1);
      expect(await a.view.remove("c")).toBe(true);
      expect([await states(a.view), a.view.peers]).toEqual([[["a", "Up", undefined]], []]);
      expect(await applied()).toEqual(["a", "pod"]);
      // What pod told is of a minute ago; then of long ago.
      await inspection.query(`select ${name("forget_names_1")}()`);
      expect(await applied()).toEqual(["a", "pod"]);
      await inspection.query(`update ${name("configuration_applied")} set at = at - interval '2 hours'`);
      await inspection.query(`select ${name("forget_names_1")}()`);
      expect(await applied()).toEqual(["a"]);
      // Under that name it comes again as one like any other.
      const again = await open("c");
      expect(again.view.suspended).toBeUndefined();
      expect((await states(a.view))[1]).toEqual(["c", "Up", undefined]);
    });

    test("are suspended and resumed from any, also while they do not live, and told once", async () => {
      const a = await open("a");
      expect(await a.view.suspend("b", "ann")).toBe(true);
      expect(await a.view.suspend("b", "bob")).toBe(false);
      const b = await open("b");
      expect(b.drain.isClosed).toBe(true);
      expect(b.view.suspended).toMatchObject({ by: "ann" });
      expect((await states(a.view))[1]).toEqual(["b", "Drained", "ann"]);
      let heard = 0;
      b.drain.onChanged(() => heard++);
      expect(await a.view.suspend("b", undefined)).toBe(true);
      await b.view.look();
      await b.view.look();
      expect([heard, b.drain.isClosed, b.view.suspended]).toEqual([1, false, undefined]);
      expect(await a.view.suspend("b", undefined)).toBe(false);
    });

    test("that drain close their door after a while, and are given nothing that waits", async () => {
      const a = await open("a", { delayMs: 5_000 });
      const b = await open("b");
      await acceptMessage(a.node.spool);
      await a.view.suspend("a", "ann");
      expect([a.drain.isClosed, (await states(a.view))[0]?.[1]]).toEqual([false, "Drained"]);
      expect(await a.node.spool.claim(submissionQueue, 10, Infinity)).toEqual([]);
      expect(a.node.spool.nextDueAt(submissionQueue)).toBeUndefined();
      await a.clock.advance(5_000);
      expect(a.drain.isClosed).toBe(true);
      const [claim] = await b.node.spool.claim(submissionQueue, 10, Infinity);
      expect(claim?.recipients).toHaveLength(1);
      expect((await b.view.list())[1]).toMatchObject({ name: "b", holds: 1 });
      await a.view.suspend("a", undefined);
      expect(a.drain.isClosed).toBe(false);
    });

    test("tell the others where they are asked, also as another incarnation", async () => {
      const a = await open("a");
      const b = await open("b");
      await b.view.introduce({ address: "127.0.0.1:1", fingerprint: "aa" });
      await a.view.look();
      expect(a.view.peers).toEqual([
        { name: "b", address: "127.0.0.1:1", fingerprint: "aa", gone: undefined },
      ]);
      await database.heartbeat.query(`update ${database.name("node")} set address = null where name = 'b'`);
      await b.view.look();
      await a.view.look();
      expect(a.view.peers[0]?.address).toBe("127.0.0.1:1");
      await b.view.introduce(undefined);
      await a.view.look();
      expect(a.view.peers[0]?.address).toBeUndefined();
    });

    test("tell what they should listen on and do not, and that they do again", async () => {
      const a = await open("a");
      const b = await open("b");
      const failed = async () => (await a.view.list()).map(({ failedListeners }) => failedListeners);
      let now = ["10.0.0.2:25 for AppRelay: the address is in use"];
      b.view.tellsListeners(() => now);
      expect(await failed()).toEqual([[], []]);
      await b.view.look();
      expect(await failed()).toEqual([[], now]);
      now = [];
      await b.view.look();
      expect(await failed()).toEqual([[], []]);
    });
  });
}
