/**
 * What PostgreSQL does to those who take it at its word: commits that were cancelled, calls that are made twice, a standby that is
 * waited for and gone, one bad value among good ones, a node that does not know yet that it has ended.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../src/cluster/database/database.ts";
import { statementOf } from "../../src/cluster/database/function-call.ts";
import { openSession } from "../../src/cluster/database/session.ts";
import { createPostgresLedger } from "../../src/cluster/ledger/postgres-ledger.ts";
import { commitArguments, encodeCommit } from "../../src/cluster/spool/commit-call.ts";
import type { DatabaseSettings } from "../../src/core/policy/cluster-settings.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { submissionQueue, type Claim, type RecipientChange } from "../../src/spool/spool.ts";
import { acceptMessage, envelopeTo, patterned } from "../../src/testing/spool-messages.ts";
import type { TestPostgres } from "../lab/postgres.ts";
import { openNode, type TestNode } from "../lab/postgres-spool.ts";

const clock = createSystemClock();
const leaseMs = 600_000;
const schema = "traps";

export function describePostgresTraps(connected: () => { readonly server: TestPostgres }): void {
  describe("a node among PostgreSQL's traps", () => {
    let settings: DatabaseSettings;
    let admin: Database;
    const nodes: TestNode[] = [];
    beforeAll(async () => {
      settings = await connected().server.withSchema(schema);
      admin = openDatabase(settings);
      await ask(`create table ${schema}.probe (n int)`);
    });
    afterAll(() => admin?.close());
    afterEach(async () => {
      for (const node of nodes.splice(0)) await node.close();
      await ask(`delete from ${schema}.entry; delete from ${schema}.message`);
    });
    const ask = async <Row extends object>(text: string): Promise<readonly Row[]> =>
      connected().server.ask<Row & Record<string, unknown>>(text);
    const open = async (name: string): Promise<TestNode> => {
      const node = await openNode({ clock, settings, leaseMs, name });
      nodes.push(node);
      return node;
    };
    const numberOf = ({ membership }: TestNode): number => membership.current?.nodeId ?? 0;
    const messages = async (): Promise<number> => (await ask(`select 1 from ${schema}.message`)).length;
    /** Each commit waits for a standby that is not there. */
    const withoutStandby = async (work: () => Promise<void>): Promise<void> => {
      await ask("alter system set synchronous_standby_names = 'ANY 1 (gone)'");
      await ask("select pg_reload_conf()");
      const probe = openSession(settings, "probe");
      try {
        // The server takes a moment to know it: until then commits wait for nobody.
        let asked: "asked" | "answered" = "answered";
        while (asked === "answered" || (await whoWaits("weir probe")).length === 0) {
          if (asked === "asked") continue;
          asked = "asked";
          const answered = (): unknown => (asked = "answered");
          void probe.query(`insert into ${schema}.probe values (1)`).then(answered, answered);
        }
        await work();
      } finally {
        await ask("alter system reset synchronous_standby_names");
        await ask("select pg_reload_conf()");
        probe.close();
      }
    };
    const whoWaits = async (program: string): Promise<readonly { readonly pid: number }[]> =>
      ask(
        `select pid from pg_stat_activity where application_name = '${program}' and wait_event = 'SyncRep'`,
      );

    it("takes a commit that was cancelled while it waited for the standby for one whose outcome nobody knows", async () => {
      const session = openSession(settings, "cancelled");
      await session.query("select 1");
      await withoutStandby(async () => {
        const outcome = session.query(`insert into ${schema}.probe values (2)`).then(
          () => "done",
          (error: unknown) => error,
        );
        await expect.poll(() => whoWaits("weir cancelled")).toHaveLength(1);
        await ask(
          "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'weir cancelled'",
        );
        expect(await outcome).toMatchObject({ kind: "lost", message: expect.stringContaining("cancel") });
      });
      // What the server would have called a success.
      expect(await ask(`select n from ${schema}.probe where n = 2`)).toEqual([{ n: 2 }]);
      session.close();
    });

    it("acknowledges nothing while the standby is away, and lives on; then each message is there once", async () => {
      const node = await open("a");
      const ledger = createPostgresLedger({ database: node.database, membership: node.membership });
      let acknowledged = 0;
      let accepted: Promise<unknown> | undefined;
      await withoutStandby(async () => {
        accepted = acceptMessage(node.spool).then(() => acknowledged++);
        await expect.poll(() => whoWaits("weir commit")).toHaveLength(1);
        // The commit is broken off, and made again with its number: that one has to wait as well.
        const [first] = await whoWaits("weir commit");
        await ask(`select pg_terminate_backend(${first?.pid})`);
        await expect
          .poll(async () => (await whoWaits("weir commit")).map(({ pid }) => pid === first?.pid))
          .toEqual([false]);
        expect(await messages()).toBe(1);
        const [beat] = await node.database.heartbeat.query<{ living: number }>(
          `select living from ${schema}.heartbeat_2(${numberOf(node)}, 0)`,
        );
        expect(beat?.living).toBe(1);
        const limits = {
          maxInboundConnection: 1,
          maxInboundConnectionPerSource: 1,
          maxInboundConnectionPercentagePerSource: 100,
        };
        const entry = await ledger.enter("In", "s", limits);
        expect(entry).toHaveProperty("lease");
        expect(acknowledged).toBe(0);
      });
      await accepted;
      expect([acknowledged, await messages()]).toEqual([1, 1]);
      ledger.close();
    });

    it("does a commit once, however often it is asked for, and writes each time, for a standby to wait for", async () => {
      const node = await open("a");
      const me = numberOf(node);
      const call = statementOf(`select ${schema}.commit_5(${commitArguments}) as told`);
      const values = encodeCommit(me, 0, 7, [
        { accepts: [{ id: 42, arrivedAt: 1, isOwned: true, record: patterned(50, 1), chunks: 0 }] },
      ]);
      const written = async (): Promise<string | undefined> =>
        (
          await ask<{ xmin: string }>(
            `select xmin from ${schema}.commit_turn where node_id = ${me} and lane = 0`,
          )
        )[0]?.xmin;
      const told: unknown[] = [];
      const rows: unknown[] = [];
      for (let n = 0; n < 2; n++) {
        told.push(await admin.commit.callFunction(call, values));
        rows.push(await written());
      }
      expect(told).toEqual(["|0", "|0"]);
      expect(new Set(rows).size).toBe(2);
      expect(await messages()).toBe(1);
    });

    it("commits two groups at a time, each in its lane, and a node that has ended has neither", async () => {
      const node = await open("a");
      const me = numberOf(node);
      const claims: Claim[] = [];
      node.spool.onAccepted({
        hasRoom: () => true,
        take: (claim) => void claims.push(claim),
        waits: () => undefined,
      });
      const accepted = await Promise.all(
        Array.from({ length: 100 }, (_, n) => acceptMessage(node.spool, patterned(50, n))),
      );
      const lanes = await ask<{ lane: number; used: boolean }>(
        `select lane, seq > 0 as used from ${schema}.commit_turn where node_id = ${me} order by lane`,
      );
      expect(lanes).toEqual([
        { lane: 0, used: true },
        { lane: 1, used: true },
      ]);
      expect([await messages(), new Set(accepted.map(({ id }) => id)).size]).toEqual([100, 100]);
      // One that is not this node's any more is told so, and taken off by itself where nobody has it; the others are not touched by that.
      const [taken] = claims;
      await ask(`update ${schema}.entry set owner = null where id = ${taken?.message.id}`);
      const told = await Promise.all(
        claims.map((claim) => node.spool.settle(claim, [{ kind: "done", index: 0 }])),
      );
      expect([new Set(told), await messages()]).toEqual([new Set(["settled"]), 0]);
      const call = statementOf(`select ${schema}.commit_5(${commitArguments}) as told`);
      await ask(`delete from ${schema}.node_commit where node_id = ${me}`);
      for (const lane of [0, 1])
        await expect(admin.commit.callFunction(call, encodeCommit(me, lane, 1_000, []))).rejects.toThrow(
          "taken for dead",
        );
    });

    it("goes on without names of statements where a pooler does not keep them", async () => {
      const node = await open("a");
      await acceptMessage(node.spool, patterned(50, 1));
      for (const seed of [2, 3]) {
        await node.database.commit.query("deallocate all");
        await acceptMessage(node.spool, patterned(50, seed));
      }
      expect(await messages()).toBe(3);
    });

    it("keeps the good ones where one value of a group is bad, or finds no room", async () => {
      const node = await open("a");
      await ask(`create or replace function ${schema}.bad() returns trigger language plpgsql as $$ begin
        if octet_length(new.record) > 3000 then raise exception using errcode = '53100', message = 'no space'; end if;
        if octet_length(new.record) > 2000 then raise exception using errcode = '22021', message = 'bad octets'; end if;
        return new; end $$`);
      await ask(
        `create trigger bad before insert on ${schema}.message for each row execute function ${schema}.bad()`,
      );
      try {
        const claims: Claim[] = [];
        node.spool.onAccepted({
          hasRoom: () => true,
          take: (claim) => void claims.push(claim),
          waits: () => undefined,
        });
        const came = await Promise.allSettled(
          [100, 2_100, 200, 3_100, 300].map((bytes) => acceptMessage(node.spool, patterned(bytes, bytes))),
        );
        expect(came.map((one) => (one.status === "fulfilled" ? "kept" : one.reason.code))).toEqual([
          "kept",
          "failed",
          "kept",
          "full",
          "kept",
        ]);
        // What ends goes through without room.
        await Promise.all(claims.map((claim) => node.spool.settle(claim, doneAll(claim))));
        expect(await messages()).toBe(0);
      } finally {
        await ask(`drop trigger bad on ${schema}.message`);
      }
    });

    it("accepts, claims and finishes nothing once it has ended, and comes anew once, however many notice", async () => {
      const [a, b] = [await open("a"), await open("b")];
      const held = await fresh(a);
      const former = numberOf(a);
      await ask(`select ${schema}.end_node_1(${former})`);
      // It is refused, so that nothing of it can be there.
      await expect(acceptMessage(a.spool)).rejects.toMatchObject({ code: "away" });
      for (let n = 0; n < 3; n++) a.membership.ended(former);
      await expect.poll(() => numberOf(a)).toBeGreaterThan(former);
      expect(await ask(`select 1 from ${schema}.node where name = 'a' and node_id > ${former}`)).toHaveLength(
        1,
      );
      expect(await messages()).toBe(1);
      // Its own, and none that it put there without a right to.
      expect((await b.spool.claim(submissionQueue, 9, Infinity)).map(({ message }) => message.id)).toEqual([
        held.message.id,
      ]);
      expect(held.isHeld?.()).toBe(false);
    });

    describe("that was taken for dead tells what it has delivered", () => {
      const endOf = async (node: TestNode): Promise<void> => {
        await ask(`select ${schema}.end_node_1(${numberOf(node)})`);
      };

      it("and nobody delivers it again", async () => {
        const [a, b] = [await open("a"), await open("b")];
        const claim = await fresh(a);
        const finished = a.spool.whenFinished(claim.message.id);
        await endOf(a);
        expect(await a.spool.settle(claim, doneAll(claim))).toBe("settled");
        await finished;
        expect([await messages(), await b.spool.claim(submissionQueue, 9, Infinity)]).toEqual([0, []]);
      });

      it("also where it heard of its end before", async () => {
        const a = await open("a");
        const claim = await fresh(a);
        const lost = new Promise((resolve) => a.spool.onLost(resolve));
        await endOf(a);
        a.membership.ended(numberOf(a));
        expect(await lost).toEqual([claim]);
        expect(await a.spool.settle(claim, doneAll(claim))).toBe("settled");
        expect(await a.spool.settle(claim, doneAll(claim))).toBe("lost");
        expect(await messages()).toBe(0);
      });

      it("of a part of its recipients, and the others are tried by others as they were", async () => {
        const [a, b] = [await open("a"), await open("b")];
        const claim = await fresh(a, "one@test", "two@test");
        await endOf(a);
        const keep = {
          kind: "keep",
          index: 1,
          queue: "q",
          dueAt: 1,
          attempts: 3,
          delayReported: true,
        } as const;
        expect(await a.spool.settle(claim, [{ kind: "done", index: 0 }, keep])).toBe("lost");
        const [taken] = await b.spool.claim(submissionQueue, 9, Infinity);
        expect(taken?.recipients).toEqual([{ index: 1, attempts: 0, delayReported: false }]);
      });

      it("and changes nothing where another has it, has changed it, or is to report of it", async () => {
        const [a, b] = [await open("a"), await open("b")];
        const [held, changed, reported] = [await fresh(a), await fresh(a), await fresh(a)];
        await endOf(a);
        const bHeld = (await b.spool.claimMessage(submissionQueue, held.message.id)) as Claim;
        const bChanged = (await b.spool.claimMessage(submissionQueue, changed.message.id)) as Claim;
        const kept = {
          kind: "keep",
          index: 0,
          queue: submissionQueue,
          dueAt: 1,
          attempts: 1,
          delayReported: false,
        } as const;
        expect(await b.spool.settle(bChanged, [kept])).toBe("settled");
        const report = {
          envelope: envelopeTo("sender@test"),
          content: patterned(20, 1),
          origin: reported.message.origin,
        };
        expect(await a.spool.settle(held, doneAll(held))).toBe("lost");
        expect(await a.spool.settle(changed, doneAll(changed))).toBe("lost");
        expect(await a.spool.settle(reported, doneAll(reported), [report])).toBe("lost");
        expect(await messages()).toBe(3);
        expect(await b.spool.settle(bHeld, doneAll(bHeld))).toBe("settled");
      });
    });

    const fresh = async ({ spool }: TestNode, ...to: readonly string[]): Promise<Claim> => {
      const { id } = await acceptMessage(
        spool,
        patterned(30, 3),
        envelopeTo(...(to.length === 0 ? ["to@test"] : to)),
      );
      return (await spool.claimMessage(submissionQueue, id)) as Claim;
    };
  });
}

function doneAll({ recipients }: Claim): readonly RecipientChange[] {
  return recipients.map(({ index }) => ({ kind: "done", index }));
}
