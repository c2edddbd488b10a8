/** What a node does not take on trust: calls without an answer, a database that knows less, a name that comes twice. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { database } from "../../src/cli/doctor/checks/database.ts";
import type { Patient } from "../../src/cli/doctor/context.ts";
import { readDatabaseFacts, watchDurability } from "../../src/cluster/database/durability.ts";
import { watchUpkeep } from "../../src/cluster/database/upkeep.ts";
import { openSession } from "../../src/cluster/database/session.ts";
import { createDatabaseShares } from "../../src/cluster/shared/database-shares.ts";
import { joinCluster } from "../../src/cluster/membership/membership.ts";
import { openDatabase, type Database } from "../../src/cluster/database/database.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { acceptMessage, envelopeTo, patterned } from "../../src/testing/spool-messages.ts";
import type { DatabaseSettings } from "../../src/core/policy/cluster-settings.ts";
import type { TestPostgres } from "../lab/postgres.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { openNode } from "../lab/postgres-spool.ts";

const clock = createSystemClock();
const leaseMs = 600_000;

export function describePostgresDoubts(connected: () => { readonly server: TestPostgres }): void {
  describe("a node's doubts", () => {
    let settings: DatabaseSettings;
    let admin: Database;
    beforeAll(async () => {
      settings = await connected().server.withSchema("doubts");
      admin = openDatabase(settings);
    });
    afterAll(() => admin?.close());
    const ask = async <Row extends object>(text: string): Promise<readonly Row[]> =>
      connected().server.ask<Row & Record<string, unknown>>(text);
    /** Every connection of the nodes ends. */
    const breakConnections = () =>
      ask(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'weir %' and pid <> pg_backend_pid()",
      );

    it("delivers what it claimed without hearing so, and keeps what it knows it holds", async () => {
      const freed: number[] = [];
      const node = await openNode({ clock, settings, leaseMs, name: "f", onFreed: (n) => freed.push(n) });
      const { spool } = node;
      const known = await acceptMessage(spool, patterned(100, 1), envelopeTo("known@test"));
      const other = await acceptMessage(spool, patterned(100, 2), envelopeTo("other@test"));
      const held = await spool.claimMessage("", known.id);
      expect(held).toMatchObject({ message: { id: known.id } });
      // As the server does it when the answer is lost on its way.
      await ask(
        `select * from doubts.claim_some_1(${node.membership.current?.nodeId}, array[${other.id}], array[''])`,
      );
      expect(await spool.claimMessage("", other.id)).toBe("held");
      await breakConnections();
      await expect.poll(() => freed).toEqual([1]);
      expect(await spool.claimMessage("", other.id)).toMatchObject({ message: { id: other.id } });
      expect(await spool.claimMessage("", known.id)).toBe("held");
      await node.close();
    });

    it("tells of a database that lost what it had confirmed, and goes on", async () => {
      const wentBack: number[] = [];
      const node = await openNode({
        clock,
        settings,
        leaseMs,
        name: "b",
        onWentBack: (n) => wentBack.push(n),
      });
      for (let n = 0; n < 3; n++) await acceptMessage(node.spool, patterned(10, n), envelopeTo("a@test"));
      await ask(
        `update doubts.commit_turn set seq = seq - 2 where node_id = ${node.membership.current?.nodeId}`,
      );
      await breakConnections();
      await expect.poll(() => wentBack).toEqual([2]);
      await acceptMessage(node.spool, patterned(10, 9), envelopeTo("a@test"));
      await node.close();
    });

    it("gives no number again that a database put back does not know of", async () => {
      const options = { installation: "i", leaseMs, version: "test" };
      const before = await joinCluster(admin, { ...options, name: "n" });
      const former = before.current?.nodeId ?? 0;
      await before.leave();
      // The row and the sequence as they were before it came.
      await ask(`delete from doubts.node where node_id = ${former}`);
      await ask("select setval(pg_get_serial_sequence('doubts.node', 'node_id'), 1)");
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const after = await joinCluster(admin, { ...options, name: "n" });
      expect(after.current?.nodeId).toBeGreaterThan(former);
      await after.leave();
    });

    it("does not end another process under its name again and again", async () => {
      const options = { installation: "copied", name: "twin", leaseMs, version: "test" };
      const others = openDatabase(settings);
      const first = await joinCluster(admin, options);
      const number = first.current?.nodeId ?? 0;
      const second = await joinCluster(others, options);
      first.ended(number);
      await expect.poll(() => first.fault).toMatch(/a node named twin runs elsewhere/);
      expect(second.current).toBeDefined();
      expect(await ask(`select 1 from doubts.node where name = 'twin' and ended_at is null`)).toHaveLength(1);
      await second.leave();
      await expect.poll(() => first.current?.nodeId).toBeGreaterThan(number);
      await first.leave();
      others.close();
    });

    it("ends nobody after a gap of nearly a lease", async () => {
      const options = { installation: "i", leaseMs, version: "test" };
      const a = await joinCluster(admin, { ...options, name: "gap-a" });
      const id = a.current?.nodeId;
      const behind = `update doubts.node set steady_since = now() - interval '1 day'`;
      await ask(`${behind}, lease_until = now() + lease * 0.2 where node_id = ${id}`);
      expect(await ask(`select is_steady from doubts.heartbeat_2(${id}, 0)`)).toEqual([{ is_steady: false }]);
      await ask(`${behind}, lease_until = now() + lease * 0.7 where node_id = ${id}`);
      expect(await ask(`select is_steady from doubts.heartbeat_2(${id}, 0)`)).toEqual([{ is_steady: true }]);
      await a.leave();
    });

    it("takes over, counts and sends on when the database's clock went back a day", async () => {
      const opened = await Promise.all(
        ["a", "living", "dead"].map(async (name) => {
          const own = openDatabase(settings);
          const options = { installation: "i", leaseMs, version: "test", name: `back-${name}` };
          return { own, node: await joinCluster(own, options) };
        }),
      );
      const [a, living, dead] = opened.map(({ node }) => node.current?.nodeId ?? 0);
      const pace = { intervalMs: 6_000, burst: 5 };
      const shares = createDatabaseShares({ database: admin, membership: opened[0]!.node });
      const turn = async () =>
        (await shares.take([{ key: "back", pace, wanted: 1 }]))[0]?.dueInMs ?? Infinity;
      await turn();
      const inADay = "extract(epoch from now())::bigint + 86400";
      await ask(
        `insert into doubts.minute (key, at, counts) values ('back', ${inADay}, array_fill(9, array[60]))`,
      );
      await ask("update doubts.send_pace set due_at = due_at + 86400000");
      await ask(`update doubts.node set lease_until = lease_until + interval '1 day' where ended_at is null`);
      // One that has been steady for long knows of nobody yet whether he lives.
      const steady = `update doubts.node set steady_since = now() - interval '2 hours' where node_id = ${a}`;
      const reaped = () => ask(`select doubts.reap_1(${a}) as nodes`);
      const beat = (node = 0) => ask(`select is_steady from doubts.heartbeat_2(${node}, 0)`);
      await ask(steady);
      expect(await reaped()).toEqual([{ nodes: 0 }]);
      expect(await beat(a)).toEqual([{ is_steady: false }]);
      expect(await reaped()).toEqual([{ nodes: 0 }]);
      await beat(living);
      // A lease later.
      await ask(steady);
      expect(await reaped()).toEqual([{ nodes: 1 }]);
      expect(
        await ask(
          `select node_id from doubts.node where ended_at is not null and node_id = any(array[${a},${living},${dead}])`,
        ),
      ).toEqual([{ node_id: dead }]);
      expect(await turn()).toBeLessThanOrEqual(pace.burst * pace.intervalMs);
      await ask("select doubts.forget_minutes_1()");
      expect(await ask("select 1 from doubts.minute where key = 'back'")).toEqual([]);
      for (const { own, node } of opened) {
        await node.leave();
        own.close();
      }
    });

    it("tells of a database that may lose what it confirms, and of its standby, and when that is mended", async () => {
      const told: string[][] = [];
      const watch = await watchDurability({
        session: admin.shared,
        events: { emit: (name, about) => void told.push([name, ...Object.values(about).map(String)]) },
        by: "standby",
        clock,
        everyMs: leaseMs,
      });
      const seen = async (codes: readonly string[]) => {
        await ask("select pg_reload_conf()");
        await expect.poll(() => watch.look().then(() => watch.faults.map(({ code }) => code))).toEqual(codes);
        return told.splice(0);
      };
      try {
        // The tests' server flushes nothing.
        expect(await seen(["fsyncOff", "noStandby"])).toEqual([
          ["DatabaseNotDurable", expect.stringContaining("fsync off")],
          ["NoStandby"],
        ]);
        await ask("alter system set full_page_writes = off");
        await ask("alter system set synchronous_standby_names = 'ANY 1 (gone)'");
        expect(await seen(["fsyncOff", "fullPageWritesOff", "standbyAway"])).toEqual([
          ["DatabaseNotDurable", expect.stringContaining("full_page_writes off")],
          ["StandbyAway", "ANY 1 (gone)"],
        ]);
      } finally {
        await ask("alter system reset full_page_writes");
        await ask("alter system reset synchronous_standby_names");
        await ask("select pg_reload_conf()");
      }
      expect(await seen(["fsyncOff", "noStandby"])).toEqual([
        ["NoStandby"],
        ["DatabaseDurable", "full_page_writes is on"],
      ]);
      watch.close();
    });

    it("knows of a follower that its role may not look at", async () => {
      await ask("create role plain login");
      const follower = new Client({
        host: settings.hosts[0]?.host,
        user: "weir",
        replication: "true",
      } as object);
      const plain = openSession({ ...settings, user: "plain" }, "test");
      try {
        await follower.connect();
        expect(await readDatabaseFacts(plain)).toMatchObject({ followers: 1, synchronous: undefined });
        expect(await readDatabaseFacts(admin.shared)).toMatchObject({ followers: 1, synchronous: 0 });
      } finally {
        plain.close();
        await follower.end();
        await ask("drop role plain");
      }
    });

    it("tells of a transaction that keeps old rows, also where its role is told nothing of it, and when it has ended", async () => {
      await ask("create role plain login");
      const plain = openSession({ ...settings, user: "plain" }, "test");
      const somebody = openSession(settings, "somebody");
      const told: string[][] = [];
      const steps = createFakeClock(0);
      const watch = watchUpkeep({
        session: plain,
        schema: "doubts",
        events: { emit: (name, about) => void told.push([name, ...Object.values(about).map(String)]) },
        clock: steps,
        everyMs: 3_600_000,
      });
      const seenAt = async (minutes: number) => {
        await steps.advance(minutes * 60_000 - steps.now());
        await watch.look();
        return [watch.faults.map(({ code }) => code), told.splice(0)];
      };
      try {
        await somebody.query("begin");
        await somebody.query("create temporary table kept (n int)");
        const [of] = await somebody.query<{ pid: number }>("select pg_backend_pid() as pid");
        expect(await seenAt(0)).toEqual([[], []]);
        expect(await seenAt(0.9)).toEqual([[], []]);
        const words = `for 2 min for session ${of?.pid} of weir (weir somebody)`;
        expect(await seenAt(2)).toEqual([
          ["rowsHeld"],
          [["DatabaseRowsHeld", expect.stringContaining(words)]],
        ]);
        expect(await seenAt(3)).toEqual([["rowsHeld"], []]);
        await somebody.query("rollback");
        expect(await seenAt(4)).toEqual([[], [["DatabaseRowsFreed"]]]);
      } finally {
        watch.close();
        somebody.close();
        plain.close();
        await ask("drop role plain");
      }
    });

    it("is looked through by weir doctor", async () => {
      const folder = await mkdtemp(join(tmpdir(), "weir-doctor-"));
      const configFile = join(folder, "weir.yaml");
      const codes = async (at: string) => {
        await writeFile(
          configFile,
          `cluster: { node: a, database: { name: postgres, user: weir, ${at} } }\n`,
        );
        return (await database({ configFile } as Patient)).map(({ code }) => code);
      };
      const host = settings.hosts[0]?.host;
      try {
        expect(await codes(`hosts: ["${host}"], schema: doubts`)).toEqual(["fsyncOff", "noStandby"]);
        expect(await codes(`hosts: ["${host}"], schema: nothing, durability: service`)).toEqual([
          "fsyncOff",
          "databaseUnfit",
        ]);
        expect(await codes(`hosts: ["${folder}"]`)).toEqual(["databaseAway"]);
        await writeFile(configFile, "hostname: relay.test\n");
        expect(await database({ configFile } as Patient)).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it("commits to the disk whatever has been set for the role since it started", async () => {
      const node = await openNode({ clock, settings, leaseMs, name: "d" });
      try {
        await ask("alter role weir set synchronous_commit = off");
        await breakConnections();
        await ask(`create or replace function doubts.seen() returns trigger language plpgsql as
          $$ begin new.queue := current_setting('synchronous_commit'); return new; end $$`);
        await ask(
          "create trigger seen before insert on doubts.entry for each row execute function doubts.seen()",
        );
        await acceptMessage(node.spool, patterned(10, 1), envelopeTo("a@test"));
        expect(await ask("select queue from doubts.entry order by id desc limit 1")).toEqual([
          { queue: "on" },
        ]);
      } finally {
        await ask("alter role weir reset synchronous_commit");
        await ask("drop trigger if exists seen on doubts.entry");
        await node.close();
      }
    });
  });
}
