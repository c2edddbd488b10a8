/** What nodes share beside mail, counts and configuration, in PostgreSQL. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/cluster/database/database.ts";
import { createLooks, type Looks } from "../../src/cluster/shared/looks.ts";
import { createSharedDiscredits } from "../../src/cluster/shared/shared-discredits.ts";
import { openSharedSuspensions } from "../../src/cluster/shared/suspended-queues.ts";
import { createDiscredits } from "../../src/receive/admission/discredits.ts";
import { openSuspensions } from "../../src/send/delivery/suspensions.ts";
import { quarterMs, quarterOf, usedIn } from "../../src/core/policy/recipients-day.ts";
import { createDatabaseShares } from "../../src/cluster/shared/database-shares.ts";
import { createSharedPolicies } from "../../src/cluster/shared/shared-policies.ts";
import { createSharedTlsResults } from "../../src/cluster/shared/shared-tls-results.ts";
import { readPolicy } from "../../src/core/mta-sts/policy.ts";
import type { SessionResult } from "../../src/core/tls-report/day-results.ts";
import { createMtaStsPolicies } from "../../src/send/mta-sts/policies.ts";
import { createPolicyStore } from "../../src/send/mta-sts/policy-store.ts";
import { createDatabaseNotices } from "../../src/cluster/shared/database-notices.ts";
import type { SharedNotices } from "../../src/ports/shared-notices.ts";
import { createDatabaseConnections } from "../../src/cluster/shared/database-connections.ts";
import { describeConnections } from "./connections-contract.ts";
import { describeShares } from "./shares-contract.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/fake-clock.ts";
import {
  envelopeTo,
  firstTurn,
  origin,
  patterned,
  plainFacts,
  type WholeSpool,
} from "../../src/testing/spool-messages.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";
import { emptySchema, openNode, type TestNode } from "../lab/postgres-spool.ts";

/** No node is to end while a test waits for the machine. */
const leaseMs = 600_000;

export function describePostgresShared(connected: () => Database): void {
  describe("nodes share", () => {
    const clock = createFakeClock();
    const nodes: TestNode[] = [];
    const open = async (name: string): Promise<TestNode> => {
      const node = await openNode({ clock, name: `shared-${name}`, leaseMs, database: connected() });
      nodes.push(node);
      return node;
    };
    beforeEach(() => emptySchema(connected()));
    afterEach(async () => {
      for (const node of nodes.splice(0)) await node.close();
      await emptySchema(connected());
    });

    describe("whose turn it is under a key", () => {
      const key = { scope: "a", key: "order 1" };
      const fingerprint = createHash("sha256").update("x").digest();
      const keep = (spool: WholeSpool, turn: Awaited<ReturnType<typeof firstTurn>>) => {
        const draft = spool.begin();
        draft.write(patterned(10));
        const answer = { turn, fingerprint, answer: "as before", windowMs: 60_000 };
        return spool.accept(draft, envelopeTo("to@test"), origin, plainFacts, { answer });
      };

      test("one is first on all nodes, and the other is answered when its message is kept", async () => {
        const [a, b] = [await open("a"), await open("b")];
        const turn = await firstTurn(a.spool, key);
        const asked = await b.spool.answers.ask(key);
        if (asked.kind !== "running") throw new Error(asked.kind);
        const { id } = await keep(a.spool, turn);
        await asked.ended;
        expect(await b.spool.answers.ask(key)).toMatchObject({ kind: "answered", kept: { id } });
        const rows = `select 1 from ${connected().name("answer_turn")}`;
        expect(await connected().heartbeat.query(rows)).toEqual([]);
      });

      test("of many who ask at the same moment at two nodes one is first", async () => {
        const [a, b] = [await open("a"), await open("b")];
        const asked = await Promise.all(
          Array.from({ length: 20 }, (_, n) => (n % 2 ? a : b).spool.answers.ask(key)),
        );
        expect(asked.filter(({ kind }) => kind === "first")).toHaveLength(1);
        expect(asked.filter(({ kind }) => kind === "running")).toHaveLength(19);
      });

      test("the next is first when a turn ended without a message, or its node with it", async () => {
        const [a, b] = [await open("a"), await open("b")];
        for (const end of [
          (turn: { end(): void }) => Promise.resolve(turn.end()),
          async () => {
            await connected().heartbeat.query(
              `select ${connected().name("end_node_1")}(${a.membership.current?.nodeId})`,
            );
          },
        ]) {
          const turn = await firstTurn(a.spool, key);
          const asked = await b.spool.answers.ask(key);
          if (asked.kind !== "running") throw new Error(asked.kind);
          await end(turn);
          await asked.ended;
          turn.end();
          (await firstTurn(b.spool, key)).end();
          const again = async (): Promise<string | undefined> => {
            const next = await a.spool.answers.ask(key).catch(() => undefined);
            if (next?.kind === "first") next.turn.end();
            return next?.kind;
          };
          await expect.poll(again).toBe("first");
        }
      });

      test("who asks anew while a turn of its own ends is not left without one", async () => {
        const { spool } = await open("a");
        for (let round = 0; round < 20; round++) {
          const turn = await firstTurn(spool, key);
          const next = spool.answers.ask({ ...key });
          turn.end();
          const asked = await next;
          if (asked.kind === "running") await asked.ended;
          else if (asked.kind === "first") asked.turn.end();
        }
        const { id } = await keep(spool, await firstTurn(spool, key));
        expect(await spool.answers.ask(key)).toMatchObject({ kind: "answered", kept: { id } });
      });

      test("nothing is kept by who lost its turn: with a failover all rows of turns are gone", async () => {
        const [a, b] = [await open("a"), await open("b")];
        const lost = await firstTurn(a.spool, key);
        await connected().heartbeat.query(`delete from ${connected().name("answer_turn")}`);
        const { id } = await keep(b.spool, await firstTurn(b.spool, key));
        await expect(keep(a.spool, lost)).rejects.toMatchObject({ code: "away" });
        expect(a.spool.answers).toBeDefined();
        expect(await a.spool.answers.ask(key)).toMatchObject({ kind: "answered", kept: { id } });
      });
    });

    describe("suspended queues", () => {
      const looks: Looks[] = [];
      let folder: string;
      const file = (name: string): string => join(folder, `${name}.json`);
      const suspensionsOf = async (name: string) => {
        const look = createLooks(clock, 3_600_000);
        looks.push(look);
        const own = await openSuspensions(file(name));
        const suspensions = await openSharedSuspensions({ database: connected(), looks: look, own });
        const heard: unknown[] = [];
        suspensions.onChanged((queue, suspended) => heard.push([queue, suspended]));
        return { suspensions, heard, look: () => look.now() };
      };
      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "weir-suspensions-"));
      });
      afterEach(async () => {
        for (const look of looks.splice(0)) look.close();
        await rm(folder, { recursive: true });
      });

      test("are those of all nodes, heard of once, and found by the next start", async () => {
        const [a, b] = [await suspensionsOf("a"), await suspensionsOf("b")];
        expect(await a.suspensions.set("x", true)).toBe(true);
        expect(await a.suspensions.set("x", true)).toBe(false);
        expect(await a.suspensions.set("", true)).toBe(true);
        await Promise.all([a.look(), b.look()]);
        expect(b.heard).toEqual([
          ["x", true],
          ["", true],
        ]);
        expect(await b.suspensions.set("x", false)).toBe(true);
        await Promise.all([a.look(), b.look()]);
        expect([a.heard, b.heard.slice(2)]).toEqual([[["x", false]], []]);
        expect([...(await suspensionsOf("c")).suspensions.queues]).toEqual([""]);
      });

      test("of a machine that was none before are all nodes' from its first start on", async () => {
        const own = await openSuspensions(file("a"));
        await own.set("mine", true);
        await suspensionsOf("a");
        expect([...(await openSuspensions(file("a"))).queues]).toEqual([]);
        const b = await suspensionsOf("b");
        expect([...b.suspensions.queues]).toEqual(["mine"]);
        await b.suspensions.set("mine", false);
        expect([...(await suspensionsOf("a")).suspensions.queues]).toEqual([]);
      });

      test("a queue whose place another takes is held by nodes that have not heard why", async () => {
        const [a, b] = [await suspensionsOf("a"), await suspensionsOf("b")];
        await a.suspensions.set("old", true);
        await b.look();
        expect(await a.suspensions.carry("old", "new")).toBe(true);
        await b.look();
        expect([...b.suspensions.queues].toSorted()).toEqual(["new", "old"]);
        expect(b.heard).toEqual([
          ["old", true],
          ["new", true],
        ]);
        expect(await b.suspensions.carry("old", "new")).toBe(false);
        expect([...b.suspensions.queues]).toEqual(["new"]);
        expect([...(await suspensionsOf("c")).suspensions.queues]).toEqual(["new"]);
        expect(await b.suspensions.carry("old", "newer")).toBe(false);
      });
    });

    test("which sources are in discredit, from the next look on, until one node takes mail of it", async () => {
      const looks = createLooks(clock, 3_600_000);
      const one = () => {
        const shared = createSharedDiscredits({ database: connected(), looks });
        const events = { emit: () => undefined, wants: () => false };
        return createDiscredits({ clock, events: events as never, shared });
      };
      const [a, b] = [one(), one()];
      const client = {
        connector: receiveConnector({ name: "In", discreditInterval: 60_000 }),
        address: "10.0.0.1",
        source: "10.0.0.1",
      };
      a.begin(client);
      expect([a.has(client), b.has(client)]).toEqual([true, false]);
      const heard = async (): Promise<boolean> => {
        await looks.now();
        return b.has(client);
      };
      await expect.poll(heard).toBe(true);
      expect(b.all()[0]?.leftMs).toBeLessThanOrEqual(60_000);
      b.end(client);
      await expect
        .poll(async () => {
          await looks.now();
          return a.has(client);
        })
        .toBe(false);
      looks.close();
    });

    describeShares("what may be sent and taken", async (now) => {
      const [a, b] = [await open("a"), await open("b")];
      const sharesOf = ({ membership }: TestNode) =>
        createDatabaseShares({ database: connected(), membership, now });
      return { nodes: [sharesOf(a), sharesOf(b)], end: () => Promise.resolve() };
    });

    test.each([40_000, 600_000, 25 * 3_600_000, -25 * 3_600_000, 40 * 86_400_000])(
      "recipients of a day are those of all, also of a node whose clock is %i ms ahead",
      async (aheadMs) => {
        const at = Date.UTC(2026, 0, 15, 12, 1);
        const [a, b] = (await Promise.all([open("a"), open("b")])).map(({ membership }) =>
          createDatabaseShares({ database: connected(), membership, now: () => at }),
        );
        const ask = (wanted: number) => [{ key: "k", wanted, limit: 100, mayExceed: false }];
        const there = at + aheadMs;
        expect((await a?.borrow(at, ask(60), []))?.[0]?.granted).toBe(60);
        const [given] = (await b?.borrow(there, ask(40), [])) ?? [];
        expect(given?.granted).toBe(40);
        // By its own clock, as it counts itself.
        expect(usedIn(given?.day ?? new Map(), there)).toBe(100);
        for (const quarter of given?.day.keys() ?? [])
          expect(Math.abs(quarter - there)).toBeLessThanOrEqual(2 * quarterMs);
        expect((await a?.borrow(at, ask(1), []))?.[0]?.granted).toBe(0);
        expect((await b?.borrow(there, ask(1), []))?.[0]?.granted).toBe(0);
        const back = [{ key: "k", quarter: quarterOf(there), recipients: 40 }];
        expect((await b?.borrow(there, ask(41), back))?.[0]?.granted).toBe(0);
        expect((await a?.borrow(at, ask(40), []))?.[0]?.granted).toBe(40);
      },
    );

    const connectionsOf = ({ membership }: TestNode, turn?: () => number) =>
      createDatabaseConnections({ database: connected(), membership, ...(turn && { turn }) });

    describeConnections("connections to a next hop", async (turn) => {
      const [a, b, c] = [await open("a"), await open("b"), await open("c")];
      return {
        nodes: [connectionsOf(a, turn), connectionsOf(b, turn), connectionsOf(c, turn)],
        end: () => Promise.resolve(),
      };
    });

    test("connections of a node that was taken for dead are others', and it gets none until it has come anew", async () => {
      const [a, b] = [await open("a"), await open("b")];
      const ask = async (node: TestNode) =>
        (await connectionsOf(node).share([{ key: "k", limit: 10, held: 0, wanted: 10 }])).given[0]?.granted;
      expect([await ask(a), await ask(b)]).toEqual([10, 0]);
      let lost = 0;
      connectionsOf(a).onLost(() => lost++);
      const { heartbeat, name } = connected();
      await heartbeat.query(`select ${name("end_node_1")}(${a.membership.current?.nodeId})`);
      await expect(ask(a)).rejects.toMatchObject({ code: "away" });
      expect(lost).toBeGreaterThan(0);
      expect(await ask(b)).toBe(10);
      await expect.poll(() => a.membership.current).toBeDefined();
      expect(await ask(a)).toBe(0);
    });

    describe("what people are told once", () => {
      const minuteMs = 60_000;
      const notices = (node: string) => createDatabaseNotices(connected(), node);
      const [a, b] = ["a", "b"];
      const begun = (
        kind: string,
        given: { sinceMs?: number; lastMs?: number; patienceMs?: number } = {},
      ) => [{ key: `${kind} app`, kind, who: "app", sinceMs: 0, lastMs: 0, patienceMs: 0, ...given }];
      const judge = async (
        node: string,
        minute: number,
        round: Partial<Parameters<SharedNotices["findings"]>[0]>,
      ) => {
        const told = await notices(node).findings({
          nowMs: minute * minuteMs,
          seen: [],
          begun: [],
          over: [],
          ...round,
        });
        return told.begun[0] ?? told.over[0];
      };
      const seen = (first: number, last: number) => [
        { who: "app", firstMs: first * minuteMs, lastMs: last * minuteMs },
      ];

      test("a finding by the first that has it, its end too", async () => {
        expect(await judge(a, 1, { begun: begun("unusualVolume") })).toBe("tell");
        expect(await judge(b, 2, { begun: begun("unusualVolume") })).toBe("told");
        expect(await judge(b, 3, { over: ["unusualVolume app"] })).toBe(true);
        expect(await judge(a, 4, { over: ["unusualVolume app"] })).toBe(false);
        expect(await judge(b, 5, { begun: begun("unusualVolume") })).toBe("tell");
        // Its node never said that it is over.
        expect(await judge(a, 5 + 2 * 24 * 60, { begun: begun("unusualVolume") })).toBe("told");
        expect(await judge(a, 6 + 2 * 24 * 60, { begun: begun("unusualVolume") })).toBe("tell");
      });

      test("that a sender is new, where no other node has seen it before", async () => {
        await judge(a, 0, { seen: seen(0, 0) });
        const late = begun("newSender", { sinceMs: 10 * minuteMs });
        expect(await judge(b, 10, { seen: seen(10, 10), begun: late })).toBe("told");
        const early = begun("newSender", { sinceMs: 0 });
        expect(await judge(a, 10, { begun: early })).toBe("tell");
      });

      test("that a sender is silent, when it has been so everywhere for as long, again when it came meanwhile", async () => {
        const silent = begun("silentSender", { lastMs: 10 * minuteMs, patienceMs: 30 * minuteMs });
        await judge(b, 35, { seen: seen(0, 35) });
        expect(await judge(a, 40, { seen: seen(0, 10), begun: silent })).toBe("notYet");
        expect(await judge(a, 64, { begun: silent })).toBe("notYet");
        expect(await judge(a, 65, { begun: silent })).toBe("tell");
        expect(await judge(b, 66, { begun: silent })).toBe("told");
        // It came at b, and nobody said that the silence was over.
        await judge(b, 100, { seen: seen(0, 100) });
        expect(await judge(b, 131, { begun: silent })).toBe("tell");
      });

      test("that messages are lost, where nobody has seen the sender since", async () => {
        const lost = begun("silentLoss", { lastMs: 10 * minuteMs });
        await judge(b, 20, { seen: seen(0, 20) });
        expect(await judge(a, 30, { seen: seen(0, 10), begun: lost })).toBe("told");
        expect(await judge(a, 30, { begun: begun("silentLoss", { lastMs: 20 * minuteMs }) })).toBe("tell");
      });

      test("what each node meets, by the one that tells it, until it has been silent for long enough", async () => {
        const claim = (node: string, forMs: number) => notices(node).claim([{ key: "k", forMs }]);
        const all = await Promise.all([claim(a, minuteMs), claim(b, minuteMs)]);
        expect(all.flat().filter(Boolean)).toHaveLength(1);
        const [first, second] = all[0]?.[0] === true ? [a, b] : [b, a];
        expect([await claim(first, minuteMs), await claim(second, minuteMs)]).toEqual([[true], [false]]);
        await connected().shared.query(
          `update ${connected().name("notice_told")} set at = clock_timestamp() - interval '61 s'`,
        );
        expect([await claim(second, minuteMs), await claim(first, minuteMs)]).toEqual([[true], [false]]);
        expect(await notices(a).claim([])).toEqual([]);
      });
    });

    describe("policies of MTA-STS", () => {
      const domain = "d.test";
      const text = (mode: string, maxAge = 86_400) =>
        `version: STSv1\nmode: ${mode}\nmx: mx.d.test\nmax_age: ${maxAge}`;
      const closing: (() => unknown)[] = [];
      afterEach(async () => {
        for (const close of closing.splice(0)) await close();
      });

      /** `host`: what the policy host says; counted. */
      const policiesOf = async (name: string, time: FakeClock, host: { text: string; asked: number }) => {
        const node = await open(name);
        const looks = createLooks(clock, 3_600_000);
        const shared = createSharedPolicies({
          database: connected(),
          membership: node.membership,
          looks,
          clock: time,
          lookMs: 10,
        });
        const kept = new Map<string, Buffer>();
        const own = createPolicyStore(
          () =>
            Promise.resolve({
              get: (key: string) => kept.get(key),
              keys: () => [...kept.keys()],
              write: (all: readonly { key: string; value: Buffer | undefined }[]) => {
                for (const { key, value } of all)
                  if (value === undefined) kept.delete(key);
                  else kept.set(key, value);
                return Promise.resolve();
              },
              close: () => Promise.resolve(),
            }),
          time,
          (fault) => {
            throw fault;
          },
        );
        const dns = { id: "1" };
        const policies = createMtaStsPolicies({
          resolver: {
            lookUp: () =>
              Promise.resolve({
                kind: "found",
                records: [`v=STSv1; id=${dns.id};`],
                keepMs: 1_000,
                secure: false,
              }),
            forget: () => undefined,
          } as never,
          clock: time,
          store: shared.store(own),
          sharedFetch: shared.fetch,
          async fetch() {
            host.asked++;
            await new Promise((resolve) => setTimeout(resolve, 50));
            const read = readPolicy(host.text);
            if (read.kind === "invalid") return { kind: "failed", result: "sts-policy-invalid", reason: "" };
            return read;
          },
          onFailure: () => undefined,
          onPolicy: () => undefined,
        });
        closing.push(
          () => looks.close(),
          () => policies.close(),
        );
        return { policies, dns, kept, look: () => looks.now() };
      };

      test("are fetched by one for all, also at the same moment, and anew by one", async () => {
        const time = createFakeClock();
        const host = { text: text("enforce"), asked: 0 };
        const [a, b] = [await policiesOf("a", time, host), await policiesOf("b", time, host)];
        const found = await Promise.all([a.policies.of(domain), b.policies.of(domain)]);
        expect(found.map(({ policy }) => policy?.policy.mode)).toEqual(["enforce", "enforce"]);
        expect(host.asked).toBe(1);
        // Another, which one of them hears of first.
        host.text = text("testing");
        a.dns.id = b.dns.id = "2";
        await time.advance(60_000);
        expect((await a.policies.of(domain)).policy?.policy.mode).toBe("testing");
        expect((await b.policies.of(domain)).policy?.policy.mode).toBe("testing");
        expect(host.asked).toBe(2);
        await time.advance(60_000);
        await a.policies.refreshed(domain);
        expect(host.asked).toBe(3);
      });

      test("in force are known to a node that never saw the record, and outlive a database that is empty", async () => {
        const time = createFakeClock();
        const host = { text: text("enforce"), asked: 0 };
        const a = await policiesOf("a", time, host);
        await a.policies.of(domain);
        const b = await policiesOf("b", time, host);
        b.dns.id = "";
        await b.look();
        expect(await b.policies.of(domain)).toMatchObject({ kind: "policy" });
        expect(host.asked).toBe(1);
        await connected().heartbeat.query(`delete from ${connected().name("mta_sts_policy")}`);
        expect(await b.policies.of(domain)).toMatchObject({ kind: "policy" });
        expect(b.kept.size).toBe(1);
      });

      test("of a node whose clock was years ahead are looked at anew, and make room for what is fetched now", async () => {
        const now = createFakeClock();
        const ahead = createFakeClock(now.now() + 3_650 * 86_400_000);
        const host = { text: text("enforce"), asked: 0 };
        await (await policiesOf("a", ahead, host)).policies.of(domain);
        const b = await policiesOf("b", now, host);
        await b.look();
        const began = now.now();
        expect((await b.policies.of(domain)).policy?.until).toBe(began + 86_400_000);
        expect(host.asked).toBe(1);

        host.text = text("testing");
        await now.advance(13 * 3_600_000);
        await b.policies.keepFresh();
        expect(host.asked).toBe(2);
        const c = await policiesOf("c", now, host);
        await c.look();
        expect((await c.policies.of(domain)).policy).toMatchObject({
          policy: { mode: "testing" },
          until: now.now() + 86_400_000,
        });
        expect(host.asked).toBe(2);
      });
    });

    test("results of TLS: one report a day and domain, on what all have counted", async () => {
      const time = createFakeClock(Date.UTC(2026, 0, 15, 12));
      const faults: unknown[] = [];
      const resultsOf = (node: string) =>
        createSharedTlsResults({ database: connected(), node, clock: time }, (fault) => faults.push(fault));
      const [a, b] = [resultsOf("a"), resultsOf("b")];
      const result = {
        policy: "no-policy-found",
        strings: [],
        mx: [],
        failure: undefined,
      } as unknown as SessionResult;
      for (const one of [a, a, b]) one.count("d.test", result);
      await Promise.all([a.close(), b.close()]);
      const [c, again] = [resultsOf("c"), resultsOf("a")];
      again.count("d.test", result);
      c.count("d.test", result);
      await again.close();
      const day = { date: "2026-01-15", domain: "d.test" };
      expect(await c.all()).toEqual([day]);
      expect(JSON.stringify(await c.of(day))).toContain('"successes":5');
      const begun = await Promise.all([
        resultsOf("a").beginReport(day),
        c.beginReport(day),
        c.beginReport(day),
      ]);
      expect(begun.filter(Boolean)).toHaveLength(1);
      expect(await c.reported(day.date)).toEqual(new Set(["d.test"]));
      await c.close();
      expect(faults).toEqual([]);
    });
  });
}
