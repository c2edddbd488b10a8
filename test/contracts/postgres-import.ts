/** A single relay's queue on its way into the database: all of it, once, whenever the move ends and however often it is begun. */
import { createHash } from "node:crypto";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/cluster/database/database.ts";
import { DatabaseFault } from "../../src/ports/database-fault.ts";
import type { Session } from "../../src/cluster/database/session.ts";
import { importSpool, surveySpool } from "../../src/cluster/import/import-spool.ts";
import { openLmdbSpool, type LmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { openClosedSpool } from "../../src/spool/moving/closed-spool.ts";
import { readMovedMark } from "../../src/spool/moving/moved-mark.ts";
import { type QueueName, submissionQueue, suspendedDueAt } from "../../src/spool/spool.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import {
  acceptMessage,
  claimAll,
  doneAll,
  envelopeTo,
  firstTurn,
  keepAll,
  origin,
  patterned,
  plainFacts,
  readContent,
} from "../../src/testing/spool-messages.ts";
import { emptySchema, openNode } from "../lab/postgres-spool.ts";

const key = { scope: "a", key: "order 1" };
const fingerprint = createHash("sha256").update("x").digest();
const longMs = 3_600_000;
const retry = "Out;[10.0.0.1]:25";

export function describePostgresImport(databaseOf: () => Database): void {
  describe("a queue that is moved here", () => {
    let database: Database;
    let folder: string;
    let directory: string;
    const clock = createFakeClock();

    beforeEach(async () => {
      database = databaseOf();
      await emptySchema(database);
      await database.heartbeat.query(`delete from ${database.name("import")}`);
      folder = await mkdtemp(join(tmpdir(), "weir-import-"));
      directory = join(folder, "spool");
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** What a relay has when it is stopped; answers with what is to arrive, by id. */
    const fill = async (work: (spool: LmdbSpool) => Promise<void>): Promise<void> => {
      const spool = await openLmdbSpool({ directory, clock });
      await work(spool);
      await spool.close();
    };
    const opened = () => openClosedSpool(directory, clock);
    const move = async (
      session: Session = database.inspection,
      suspendedQueues: readonly QueueName[] = [],
    ) => {
      const spool = await opened();
      try {
        return await importSpool({
          spool,
          directory,
          session,
          name: database.name,
          database: "the database",
          place: "here",
          by: "anna",
          suspendedQueues,
          now: clock.now(),
          progress: () => undefined,
        });
      } finally {
        await spool.close();
      }
    };
    const atNode = async <Answer>(
      ask: (spool: Awaited<ReturnType<typeof openNode>>["spool"]) => Promise<Answer>,
    ): Promise<Answer> => {
      const node = await openNode({ clock, name: "mover", leaseMs: longMs, database });
      try {
        return await ask(node.spool);
      } finally {
        await node.close();
      }
    };

    test("suspends queues at all nodes as they were there, and not again where people let them go on", async () => {
      await fill(async (spool) => {
        await acceptMessage(spool);
      });
      const suspended = async () =>
        (
          await database.inspection.query<{ queue: string }>(
            `select queue from ${database.name("suspended_queue")} where queue = $1`,
            [retry],
          )
        ).length;
      await move(database.inspection, [retry]);
      expect(await suspended()).toBe(1);
      await database.heartbeat.query(`select ${database.name("suspend_queue_1")}($1, false)`, [retry]);
      await move(database.inspection, [retry]);
      expect(await suspended()).toBe(0);
    });

    test("has each message with its content, recipients, next attempt, suspension, and the answers that were given", async () => {
      const contents = new Map<number, Buffer>();
      const due = clock.now() + 90_000;
      let suspended = 0;
      await fill(async (spool) => {
        for (const [at, bytes] of [100, 90_000, 600_000].entries()) {
          const content = patterned(bytes, at);
          const { id } = await acceptMessage(spool, content, envelopeTo("one@test", "two@test"));
          contents.set(id, content);
        }
        const [small, large, largest] = await claimAll(spool);
        if (small === undefined || large === undefined || largest === undefined) throw new Error("claims");
        spool.release(small, undefined);
        // One recipient is done, the other waits.
        const [done, kept] = keepAll(large, retry, due);
        if (done === undefined || kept === undefined) throw new Error("recipients");
        await spool.settle(large, [{ kind: "done", index: done.index }, kept]);
        await spool.settle(largest, keepAll(largest, retry, due));
        suspended = largest.message.id;
        expect(await spool.suspend(retry, suspended, true)).toBe("changed");
        const turn = await firstTurn(spool, key);
        const draft = spool.begin();
        const answered = patterned(50, 9);
        draft.write(answered);
        const { id } = await spool.accept(draft, envelopeTo("three@test"), origin, plainFacts, {
          answer: { turn, fingerprint, answer: "250 as before", windowMs: longMs },
        });
        contents.set(id, answered);
      });
      const spool = await opened();
      expect(await surveySpool(spool, clock.now(), () => undefined)).toEqual({
        messages: 4,
        sizeBytes: 690_150,
        recipients: 6,
        suspended: 1,
        queues: [
          { queue: "", messages: 2 },
          { queue: retry, messages: 2 },
        ],
        damaged: [],
        answers: 1,
      });
      await spool.close();

      expect(await move()).toMatchObject({ messages: 4, wereThere: 0, damaged: 0, answers: 1 });
      await atNode(async (node) => {
        const found = [
          ...(await node.list(submissionQueue, 10)).messages,
          ...(await node.list(retry, 10)).messages,
        ];
        expect(found.map(({ message }) => message.id).toSorted((a, b) => a - b)).toEqual([
          ...contents.keys(),
        ]);
        for (const { message } of found) {
          const kept = await node.find(message.id);
          if (kept === undefined) throw new Error("a message is missing");
          expect((await readContent(kept.content)).equals(contents.get(message.id) ?? Buffer.of())).toBe(
            true,
          );
        }
        const waiting = await node.claim(retry, 10, due);
        expect(waiting).toMatchObject([
          { recipients: [{ index: 1, attempts: 1, lastError: "450 4.2.1 busy" }] },
        ]);
        expect(await node.claim(retry, 10, suspendedDueAt)).toMatchObject([
          { message: { id: suspended }, recipients: [{ suspended: true }, { suspended: true }] },
        ]);
        expect(await node.answers.ask(key)).toMatchObject({
          kind: "answered",
          kept: { answer: "250 as before" },
        });
      });
    });

    test("comes once, though the move is broken off at each of its steps and nodes deliver meanwhile", async () => {
      const ids: number[] = [];
      await fill(async (spool) => {
        for (let n = 0; n < 130; n++) ids.push((await acceptMessage(spool, `Subject: ${n}\r\n\r\n`)).id);
      });
      const delivered: number[] = [];
      const deliver = () =>
        atNode(async (node) => {
          for (;;) {
            const claims = await node.claim(submissionQueue, 100, clock.now());
            if (claims.length === 0) return;
            for (const claim of claims) {
              delivered.push(claim.message.id);
              await node.settle(claim, doneAll(claim));
            }
          }
        });
      // At the n-th call all is over, with it done or not.
      for (let n = 1; ; n++) {
        let calls = 0;
        const died = (): never => {
          throw new DatabaseFault("refused", "killed");
        };
        const dying: Session = {
          ...database.inspection,
          query: async (...given) => {
            if (++calls === n) died();
            return database.inspection.query(...given) as never;
          },
          transaction: (work, timeoutMs) =>
            database.inspection
              .transaction(async (query) => {
                const answer = await work(async (...given) => {
                  if (++calls === n) died();
                  return query(...given) as never;
                });
                return answer;
              }, timeoutMs)
              .then((answer) => (++calls === n ? died() : answer)),
        };
        const isOver = await move(dying).then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ message: "killed" });
            return false;
          },
        );
        if (n % 2 === 0) await deliver();
        if (isOver) break;
        // Before its first word to the database nothing has begun.
        if (n > 1)
          await expect(openLmdbSpool({ directory, clock })).rejects.toThrow(
            /a part of the mail in .* run weir cluster import again/,
          );
      }
      await deliver();
      expect(delivered.toSorted((a, b) => a - b)).toEqual(ids);
      expect((await readMovedMark(directory))?.endedAt).toBeDefined();
      await expect(openLmdbSpool({ directory, clock })).rejects.toThrow(/was moved into the database at/);
      // Once more: nothing is there to do.
      expect(await move()).toMatchObject({ messages: 130, renumbered: [] });
      await deliver();
      expect(delivered).toHaveLength(130);
    });

    test("keeps numbers apart that are others' there, finds what is there already, and sets aside what cannot be read", async () => {
      const ids: number[] = [];
      await fill(async (spool) => {
        for (const bytes of [100, 101, 200_000, 102])
          ids.push((await acceptMessage(spool, patterned(bytes, bytes))).id);
      });
      const [first = 0, second = 0, large = 0, last = 0] = ids;
      const spool = await opened();
      const [closed] = spool.after(-1, 1);
      await spool.close();
      await database.heartbeat.query(
        `insert into ${database.name("message")} (id, record) values ($1, $2), ($3, 'another')`,
        [first, closed?.record, second],
      );
      const [shard = ""] = await readdir(join(directory, "bodies"));
      const file = await open(join(directory, "bodies", shard, String(large)), "r+");
      await file.write("broken", 100_000);
      await file.close();
      expect(await move()).toMatchObject({
        messages: 2,
        wereThere: 1,
        damaged: 1,
        renumbered: [{ from: second, to: second + 1 === large ? expect.any(Number) : second + 1 }],
      });
      const [row] = await database.heartbeat.query<{ id: string; what: string; chunks: string }>(
        `select id, what, (select count(*) from ${database.name("body")} b where b.id = d.id) as chunks
          from ${database.name("damaged")} d`,
      );
      expect(row).toEqual({
        id: String(large),
        what: "the body file does not match its checksum",
        chunks: "0",
      });
      await atNode(async (node) => {
        const claims = await claimAll(node);
        expect(claims.map(({ message }) => message.content.sizeBytes).toSorted((a, b) => a - b)).toEqual([
          101, 102,
        ]);
        expect(claims.some(({ message }) => message.id === last)).toBe(true);
      });
    });

    test("is refused while a relay has it", async () => {
      const spool = await openLmdbSpool({ directory, clock });
      await expect(opened()).rejects.toThrow(/in use by another process/);
      await spool.close();
      await expect(openClosedSpool(join(folder, "nothing"), clock)).rejects.toThrow(/there is no spool/);
    });
  });
}
