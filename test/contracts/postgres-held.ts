/**
 * A transaction that somebody left open: old versions of rows stay, and what is asked for each message reads none of them. Told by the
 * pages that a call touches, which no other load changes.
 */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statementOf } from "../../src/cluster/database/function-call.ts";
import { commitArguments, encodeCommit, type Work } from "../../src/cluster/spool/commit-call.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { patterned } from "../../src/testing/spool-messages.ts";
import type { TestPostgres } from "../lab/postgres.ts";
import { openNode, type TestNode } from "../lab/postgres-spool.ts";

const schema = "held";
const gone = 1_500;

export function describePostgresHeld(connected: () => { readonly server: TestPostgres }): void {
  describe("a transaction left open on PostgreSQL", () => {
    let node: TestNode;
    let other: Client;
    let asking: Client;
    let me = 0;
    let seq = 1_000;
    let id = 1_000_000;
    const ask = async <Row extends Record<string, unknown>>(text: string): Promise<readonly Row[]> =>
      (await asking.query<Row>(text)).rows;

    const commit = async (works: readonly Work[]): Promise<string | null> =>
      node.database.commit.callFunction(
        statementOf(`select ${schema}.commit_5(${commitArguments}) as told`),
        encodeCommit(me, 0, ++seq, works),
      );
    const accept = async (messages: number): Promise<readonly number[]> => {
      const ids = Array.from({ length: messages }, () => ++id);
      const record = patterned(4_500, 1);
      await commit(
        ids.map((one) => ({ accepts: [{ id: one, arrivedAt: 1, isOwned: true, record, chunks: 0 }] })),
      );
      return ids;
    };
    const plain = (ids: readonly number[]): Work[] =>
      ids.map((one) => ({
        end: {
          id: one,
          queue: "",
          was: -1,
          arrivedAt: 1,
          isShared: false,
          isLarge: false,
          left: undefined,
          moves: [],
        },
        accepts: [],
      }));
    /** Pages of all tables and indexes that it touches, when the session knows them all: the last of `calls`. */
    const pagesOf = async (...calls: readonly string[]): Promise<number> => {
      let pages = 0;
      for (const call of calls) pages = await pagesOfOne(call);
      return pages;
    };
    const pagesOfOne = async (call: string): Promise<number> => {
      const [row] = await ask<{ "QUERY PLAN": readonly { readonly Plan: Record<string, number> }[] }>(
        `explain (analyze, buffers, format json) select * from ${schema}.${call}`,
      );
      const plan = row?.["QUERY PLAN"][0]?.Plan ?? {};
      return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
    };
    /** `numbers`: as encodeCommit writes them. */
    const endOf = (parts: {
      readonly plain?: readonly number[];
      readonly ends?: readonly number[];
    }): string =>
      `commit_5(${me}, 0, ${++seq}, ${parts.plain ? `array[${parts.plain.join()}]` : "null"}, null,
        ${parts.ends ? `array[${parts.ends.join()}]` : "null"},
        ${parts.ends ? `array_fill(''::text, array[${parts.ends.length / 8}])` : "null"},
        null, null, null, null, true, true, '\\x4142')`;

    beforeAll(async () => {
      const settings = await connected().server.withSchema(schema);
      node = await openNode({ clock: createSystemClock(), settings, leaseMs: 3_600_000 });
      me = node.membership.current?.nodeId ?? 0;
      const { host, port } = settings.hosts[0] ?? {};
      [asking, other] = [1, 2].map(() => new Client({ host, port, user: "weir", database: "postgres" })) as [
        Client,
        Client,
      ];
      for (const client of [asking, other]) {
        client.on("error", () => undefined);
        await client.connect();
      }
      await other.query("begin isolation level repeatable read");
      await other.query(`select txid_current(), count(*) from ${schema}.entry`);
      await commit(plain(await accept(gone)));
      // As autovacuum does: no rows are there that live.
      await ask(`analyze ${schema}.message, ${schema}.entry`);
    });
    afterAll(async () => {
      await other?.end();
      await asking?.end();
      await node?.close();
    });

    it("costs a delivery nothing", async () => {
      const plains = [await accept(4), await accept(4)].map((ids) => endOf({ plain: ids }));
      expect(await pagesOf(...plains)).toBeLessThan(100);
      expect(await ask(`select id from ${schema}.entry`)).toEqual([]);
      expect(await ask(`select id from ${schema}.message`)).toEqual([]);
    });

    it("costs claims that end or are put back nothing", async () => {
      const groups = [await accept(4), await accept(4)];
      // Was nothing, done or kept with two octets, and may stand in other queues.
      const calls = groups.map(([kept = 0, ...done]) =>
        endOf({
          ends: [...done.map((one) => [one, -1, 0, -2, 0, 1, 1, 1]), [kept, -1, 5, 0, 2, 1, 1, 0]].flat(),
        }),
      );
      expect(await pagesOf(...calls)).toBeLessThan(150);
      const kept = groups.map(([one]) => one);
      expect(await ask(`select id::int, owner, state::text from ${schema}.entry order by id`)).toEqual(
        kept.map((one) => ({ id: one, owner: null, state: "\\x4142" })),
      );
      expect(await ask(`select id::int from ${schema}.message order by id`)).toEqual(
        kept.map((one) => ({ id: one })),
      );
      await ask(`delete from ${schema}.entry; delete from ${schema}.message`);
    });

    it("costs a commit nothing, however many there were", async () => {
      await ask(`do $$ begin for n in 1 .. 4000 loop
        perform ${schema}.commit_5(${me}, 0, ${seq} + n, null, null, null, null, null, null, null, null, false, false, '');
      end loop; end $$`);
      seq += 4_000;
      expect(await pagesOf(endOf({}), endOf({}))).toBeLessThan(20);
      expect(await ask(`select seq::int from ${schema}.commit_turn where lane = 0`)).toEqual([{ seq }]);
    });

    it("costs a decision at the door nothing, however many there were", async () => {
      const door = (
        all: boolean,
        open: number | string,
      ): string => `door_1(${me}, ${all}, array['In'], array['s'],
        array[${open}], array[1], array['In'], array[${open}], array[1], array[5000.0], array[5000.0], array[100.0])`;
      await pagesOf(door(true, 0));
      await ask(`do $$ begin for n in 1 .. 2500 loop
        perform * from ${schema}.${door(false, "n % 9")};
      end loop; end $$`);
      expect(await pagesOf(door(false, 3), door(false, 5))).toBeLessThan(45);
      expect(await ask(`select connector, source, open::int from ${schema}.open_1()`)).toEqual([
        { connector: "In", source: "s", open: 6 },
      ]);
      await pagesOf(door(false, 0));
      expect(await ask(`select * from ${schema}.open_1()`)).toEqual([
        { connector: "In", source: "s", open: "1" },
      ]);
    });

    it("costs a message that is counted nothing, however many there were", async () => {
      const spend = `spend_1(${me}, 1000, array[1], array['k'], array[1000000.0], array[false], null, null, null)`;
      await ask(`do $$ begin for n in 1 .. 2500 loop perform * from ${schema}.${spend}; end loop; end $$`);
      expect(await pagesOf(spend, spend)).toBeLessThan(30);
      expect(await ask(`select seen[1] from ${schema}.${spend}`)).toEqual([{ seen: 2_502 }]);
      const back = `spend_1(${me}, 1000, null, null, null, null, array['k'], array[1000], array[1000])`;
      expect(await pagesOf(back, back)).toBeLessThan(30);
      expect(await ask(`select seen[1] from ${schema}.${spend}`)).toEqual([{ seen: 503 }]);
    });

    it("costs claims nothing that begin where something is known to be due", async () => {
      await ask(`insert into ${schema}.entry (id, queue, due_at, arrived_at) select n, 'q', n, 1 from generate_series(1, 5000) n;
        insert into ${schema}.message (id, record) select n, '' from generate_series(4995, 5000) n;
        delete from ${schema}.entry where id < 4995; analyze ${schema}.entry`);
      const claims = [4995, 4997].map((from) => `claim_due_3(${me}, 'q', 9000, 2, ${from})`);
      expect(await pagesOf(...claims)).toBeLessThan(60);
      expect(await pagesOf(`claim_due_3(${me}, 'q', 9000, 9, 4999)`)).toBeLessThan(60);
      expect(await ask(`select id::int from ${schema}.entry where owner = ${me} order by id`)).toHaveLength(
        6,
      );
    });
  });
}
