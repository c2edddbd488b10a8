/** The promises of `src/spool/spool.ts`, as one suite that every implementation passes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Envelope } from "../../src/core/message/envelope.ts";
import type { Claim, Report, SpooledMessage } from "../../src/spool/spool.ts";
import { submissionQueue, unreachableQueue } from "../../src/spool/spool.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/fake-clock.ts";
import {
  acceptMessage,
  doneAll,
  envelopeTo,
  keepAll,
  origin,
  patterned,
  plainFacts,
  readContent,
  takeAll,
  type WholeSpool,
} from "../../src/testing/spool-messages.ts";
import { describeAnswers } from "./spool-contract-answers.ts";
import { describeWalks } from "./spool-contract-walks.ts";
import { describeSuspension } from "./spool-contract-suspension.ts";

/** What an implementation brings to the suite. */
export interface SpoolUnderTest {
  readonly spool: WholeSpool;
  /** Closes and opens again what is on disk, under another clock if need be; absent where nothing survives. */
  readonly reopen?: (clock?: FakeClock) => Promise<WholeSpool>;
  readonly end: () => Promise<void>;
  /** What is released for later is so for good, as nodes that share a spool have to know it. */
  readonly keepsReleases?: true;
}

const idsOf = (claims: readonly Claim[]) => claims.map(({ message }) => message.id);

export function describeSpool(
  name: string,
  open: (options: { clock: FakeClock; inlineLimitBytes: number }) => Promise<SpoolUnderTest>,
): void {
  describe(name, () => {
    const startAt = Date.UTC(2026, 0, 1);
    const inlineLimitBytes = 16 * 1024;
    let clock: FakeClock;
    let under: SpoolUnderTest;
    let spool: WholeSpool;

    beforeEach(async () => {
      clock = createFakeClock(startAt);
      under = await open({ clock, inlineLimitBytes });
      spool = under.spool;
    });
    afterEach(() => under.end());

    const claimOne = async (queue = submissionQueue): Promise<Claim> => {
      const [claim] = await spool.claim(queue, 1, clock.now());
      if (claim === undefined) throw new Error("nothing to claim");
      return claim;
    };
    const counts = () => Object.fromEntries(spool.queues().map(({ queue, messages }) => [queue, messages]));
    const nextDueAt = (queue: string) => spool.queues().find((one) => one.queue === queue)?.nextDueAt;

    describe("promise 1: accept", () => {
      test.each([
        ["empty", 0],
        ["small", 100],
        ["as large as a record takes", inlineLimitBytes],
        ["larger than a record takes", inlineLimitBytes + 1],
        ["large", 3_000_000],
      ])("keeps a content that is %s", async (_, sizeBytes) => {
        const content = patterned(sizeBytes);
        const envelope: Envelope = {
          ...envelopeTo("ä@test", "b@test"),
          smtpUtf8: true,
          ret: "HDRS",
          envid: "e+201",
        };
        const message = await acceptMessage(spool, content, envelope);
        expect(message).toMatchObject({
          arrivedAt: startAt,
          envelope,
          origin,
          content: { sizeBytes, ...plainFacts },
        });
        const claim = await claimOne();
        expect(claim.message).toEqual(message);
        expect(claim.recipients).toEqual([
          { index: 0, attempts: 0, delayReported: false },
          { index: 1, attempts: 0, delayReported: false },
        ]);
        expect(content.equals(await readContent(claim.content))).toBe(true);
        const { inMemory } = claim.content;
        expect(inMemory === undefined ? undefined : content.equals(inMemory)).toBe(
          sizeBytes <= inlineLimitBytes ? true : undefined,
        );
      });

      test("runs what is to be done before anybody has it when it is durable, and hands it over however that ends", async () => {
        const taken: number[] = [];
        spool.onAccepted({
          hasRoom: () => true,
          take: ({ message }) => void taken.push(message.id),
          waits: ({ id }) => void taken.push(id),
        });
        for (const ends of ["well", "badly"]) {
          const draft = spool.begin();
          draft.write(patterned(100));
          const accepted = spool.accept(draft, envelopeTo("a@test"), origin, plainFacts, {
            async beforeHandover() {
              expect(idsOf(await spool.claim(submissionQueue, 10, clock.now()))).not.toContain(draft.id);
              expect(taken).not.toContain(draft.id);
              if (ends === "badly") throw new Error(ends);
            },
          });
          await (ends === "badly" ? expect(accepted).rejects.toThrow(ends) : accepted);
          expect(taken).toContain(draft.id);
        }
        expect(spool.size).toBe(2);
      });

      test("gives ids in order of beginning, also when the clock goes back", async () => {
        const first = spool.begin();
        await clock.advance(5);
        const ids = [first.id, spool.begin().id, spool.begin().id];
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        expect(new Set(ids).size).toBe(3);
        expect(ids.every(Number.isSafeInteger)).toBe(true);
      });

      test("keeps nothing of a discarded draft, and refuses it", async () => {
        const draft = spool.begin();
        draft.write(patterned(50_000));
        draft.discard();
        draft.discard();
        await draft.whenWritable();
        await expect(spool.accept(draft, envelopeTo("a@test"), origin, plainFacts)).rejects.toThrow(/ended/);
        expect(spool.size).toBe(0);
      });

      test("takes a draft once", async () => {
        const draft = spool.begin();
        await spool.accept(draft, envelopeTo("a@test"), origin, plainFacts);
        draft.discard();
        await expect(spool.accept(draft, envelopeTo("a@test"), origin, plainFacts)).rejects.toThrow(/ended/);
        expect(spool.size).toBe(1);
      });

      test("hands fresh mail over, claimed, before it resolves", async () => {
        const heard: Claim[] = [];
        spool.onAccepted(takeAll((claim) => heard.push(claim)));
        const message = await acceptMessage(spool, "abc");
        expect(idsOf(heard)).toEqual([message.id]);
        expect(heard[0]?.content.inMemory?.toString()).toBe("abc");
        expect(await spool.claim(submissionQueue, 10, clock.now())).toEqual([]);
        expect(nextDueAt(submissionQueue)).toBeUndefined();
        expect(counts()).toEqual({ [submissionQueue]: 1 });
        await spool.settle(heard[0] as Claim, doneAll(heard[0] as Claim));
        expect(spool.size).toBe(0);
        expect(counts()).toEqual({});
      });

      test("leaves mail there is no room for claimable, and tells it when it is there", async () => {
        const asked: SpooledMessage[] = [];
        const waiting: unknown[] = [];
        spool.onAccepted({
          hasRoom(message) {
            asked.push(message);
            expect(spool.size).toBe(0);
            return false;
          },
          take: () => expect.unreachable(),
          waits: (message) => waiting.push([message, spool.size, nextDueAt(submissionQueue)]),
        });
        const message = await acceptMessage(spool);
        expect(asked).toEqual([message]);
        expect(waiting).toEqual([[message, 1, startAt]]);
        expect((await claimOne()).message.id).toBe(message.id);
      });

      test("takes many at once", async () => {
        const messages = await Promise.all(
          Array.from({ length: 200 }, (_, i) => acceptMessage(spool, `message ${i}`)),
        );
        expect(spool.size).toBe(200);
        const claims = await spool.claim(submissionQueue, 1000, clock.now());
        expect(idsOf(claims)).toEqual(messages.map(({ id }) => id));
        expect(claims.map(({ content }) => content.inMemory?.toString())).toEqual(
          Array.from({ length: 200 }, (_, i) => `message ${i}`),
        );
      });
    });

    describe("promise 3: claim", () => {
      test("takes what is due, earliest first, up to the limit", async () => {
        const messages = [];
        for (let i = 0; i < 5; i++) messages.push(await acceptMessage(spool));
        const dueAts = [300, 100, 200, 400, 500].map((ms) => startAt + ms);
        const claims = await spool.claim(submissionQueue, 10, clock.now());
        await Promise.all(
          claims.map((claim, i) => spool.settle(claim, keepAll(claim, "next", dueAts[i] as number))),
        );
        expect(nextDueAt("next")).toBe(startAt + 100);
        await clock.advance(400);
        expect(idsOf(await spool.claim("next", 2, clock.now()))).toEqual([messages[1]?.id, messages[2]?.id]);
        expect(nextDueAt("next")).toBe(startAt + 300);
        expect(idsOf(await spool.claim("next", 9, clock.now()))).toEqual([messages[0]?.id, messages[3]?.id]);
        expect(nextDueAt("next")).toBe(startAt + 500);
        expect(await spool.claim("next", 9, clock.now())).toEqual([]);
      });

      test("never gives an entry twice, also to claims under way at once", async () => {
        await Promise.all(Array.from({ length: 150 }, () => acceptMessage(spool)));
        const rounds = await Promise.all(
          [70, 70, 70].map((limit) => spool.claim(submissionQueue, limit, clock.now())),
        );
        const ids = rounds.flatMap(idsOf);
        expect(ids).toHaveLength(150);
        expect(new Set(ids).size).toBe(150);
      });

      test("gives a released entry again", async () => {
        for (let i = 0; i < 3; i++) await acceptMessage(spool);
        const claims = await spool.claim(submissionQueue, 3, clock.now());
        const [, second] = claims;
        spool.release(second as Claim);
        spool.release(second as Claim);
        expect(nextDueAt(submissionQueue)).toBe(startAt);
        expect(idsOf(await spool.claim(submissionQueue, 3, clock.now()))).toEqual([second?.message.id]);
      });

      test("gives an entry released for later not before that", async () => {
        await acceptMessage(spool);
        const claim = await claimOne();
        spool.release(claim, startAt + 1000);
        expect(await spool.claim(submissionQueue, 3, clock.now())).toEqual([]);
        expect(nextDueAt(submissionQueue)).toBe(startAt + 1000);
        await clock.advance(1000);
        expect(idsOf(await spool.claim(submissionQueue, 3, clock.now()))).toEqual([claim.message.id]);
      });

      test("an entry whose time to wait is over is due as before, once a claim has met it", async () => {
        const [first, second] = [await acceptMessage(spool), await acceptMessage(spool)];
        const [one, other] = await spool.claim(submissionQueue, 2, clock.now());
        spool.release(one as Claim);
        spool.release(other as Claim, startAt + 1000);
        await clock.advance(5000);
        expect(idsOf(await spool.claim(submissionQueue, 1, clock.now()))).toEqual([first.id]);
        expect(nextDueAt(submissionQueue)).toBe(under.keepsReleases ? startAt + 1000 : startAt);
        expect(idsOf(await spool.claim(submissionQueue, 1, clock.now()))).toEqual([second.id]);
      });

      test("an entry released for a time before it is due is due when it was", async () => {
        await acceptMessage(spool);
        const claim = await claimOne();
        await spool.settle(claim, keepAll(claim, "q", startAt + 5000));
        spool.release((await spool.claimMessage("q", claim.message.id)) as Claim, startAt + 100);
        expect(nextDueAt("q")).toBe(startAt + 5000);
        await clock.advance(100);
        expect(await spool.claim("q", 3, clock.now())).toEqual([]);
      });

      test("finds an entry that was put off and then got another due time", async () => {
        const message = await acceptMessage(spool);
        spool.release(await claimOne(), startAt + 10_000);
        const claims = await spool.walkOld().claim(startAt + 1, 10);
        expect(idsOf(claims)).toEqual([message.id]);
        await spool.settle(claims[0] as Claim, keepAll(claims[0] as Claim, submissionQueue, startAt + 50));
        expect(nextDueAt(submissionQueue)).toBe(startAt + 50);
        await clock.advance(50);
        expect(idsOf(await spool.claim(submissionQueue, 3, clock.now()))).toEqual([message.id]);
      });

      test("finds mail that became due behind what was claimed already", async () => {
        await clock.advance(1000);
        const late = await acceptMessage(spool);
        const early = await acceptMessage(spool);
        const [first, second] = await spool.claim(submissionQueue, 2, clock.now());
        await spool.settle(second as Claim, keepAll(second as Claim, submissionQueue, startAt));
        expect(idsOf(await spool.claim(submissionQueue, 2, clock.now()))).toEqual([early.id]);
        expect(first?.message.id).toBe(late.id);
      });

      test("holds only the recipients that are due", async () => {
        await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"));
        const claim = await claimOne();
        await spool.settle(claim, [
          { kind: "keep", index: 0, queue: "q", dueAt: startAt, attempts: 1, delayReported: false },
          { kind: "keep", index: 1, queue: "q", dueAt: startAt + 100, attempts: 1, delayReported: false },
        ]);
        expect(counts()).toEqual({ q: 1 });
        const first = await claimOne("q");
        expect(first.recipients.map(({ index }) => index)).toEqual([0]);
        await spool.settle(first, doneAll(first));
        expect(nextDueAt("q")).toBe(startAt + 100);
        await clock.advance(100);
        expect((await claimOne("q")).recipients.map(({ index }) => index)).toEqual([1]);
      });

      test("tells that a claim has ended, and changes nothing", async () => {
        await acceptMessage(spool);
        const claim = await claimOne();
        spool.release(claim);
        expect(await spool.settle(claim, doneAll(claim))).toBe("lost");
        const again = await claimOne();
        expect(await spool.settle(claim, doneAll(claim))).toBe("lost");
        await spool.setAside(claim, "torn");
        spool.release(claim);
        expect(await spool.claim(submissionQueue, 1, clock.now())).toEqual([]);
        expect(await spool.settle(again, keepAll(again, "q", startAt))).toBe("settled");
        expect(await spool.settle(again, doneAll(again))).toBe("lost");
        expect(counts()).toEqual({ q: 1 });
      });
    });

    describe("promises 4 and 5: settle", () => {
      test("keeps what it is told of a recipient", async () => {
        await acceptMessage(spool, "x", envelopeTo("a@test", "b@test", "c@test"));
        const claim = await claimOne();
        await spool.settle(claim, [
          { kind: "done", index: 1 },
          {
            kind: "keep",
            index: 0,
            queue: "q",
            dueAt: startAt,
            attempts: 3,
            lastError: "451 x",
            delayReported: true,
          },
        ]);
        expect(counts()).toEqual({ [submissionQueue]: 1, q: 1 });
        expect((await claimOne("q")).recipients).toEqual([
          { index: 0, attempts: 3, lastError: "451 x", delayReported: true },
        ]);
        expect((await claimOne()).recipients).toEqual([{ index: 2, attempts: 0, delayReported: false }]);
      });

      test("shows its change at once", async () => {
        await acceptMessage(spool);
        const claim = await claimOne();
        const durable = spool.settle(claim, keepAll(claim, "q", startAt));
        expect(counts()).toEqual({ q: 1 });
        expect(nextDueAt("q")).toBe(startAt);
        expect(idsOf(await spool.claim("q", 1, clock.now()))).toEqual([claim.message.id]);
        await durable;
        expect(nextDueAt("q")).toBeUndefined();
      });

      test("loses no change of two claims of one message", async () => {
        const { id } = await acceptMessage(spool, "x", envelopeTo("a@test", "b@test", "c@test"));
        const claim = await claimOne();
        await spool.settle(
          claim,
          claim.recipients.map(({ index }) => ({
            kind: "keep",
            index,
            queue: `q${index}`,
            dueAt: startAt,
            attempts: 0,
            delayReported: false,
          })),
        );
        const [a, b, c] = await Promise.all(["q0", "q1", "q2"].map(claimOne));
        await Promise.all([
          spool.settle(a as Claim, doneAll(a as Claim)),
          spool.settle(b as Claim, keepAll(b as Claim, "q2", startAt + 1)),
        ]);
        spool.release(c as Claim);
        expect(counts()).toEqual({ q2: 1 });
        await clock.advance(1);
        const rest = await claimOne("q2");
        expect(rest.recipients.map(({ index, attempts }) => [index, attempts])).toEqual([
          [1, 1],
          [2, 0],
        ]);
        expect(spool.size).toBe(1);
        await spool.settle(rest, doneAll(rest));
        expect(spool.size).toBe(0);
        await spool.whenFinished(id);
      });

      test.each([100, 100_000])("accepts its reports of %i octets in the same step", async (reportBytes) => {
        await acceptMessage(spool);
        const claim = await claimOne();
        const heard: Claim[] = [];
        spool.onAccepted(takeAll((fresh) => heard.push(fresh)));
        const content = Buffer.alloc(reportBytes, ".x\r\n");
        const report: Report = {
          envelope: { ...envelopeTo("from@test"), reversePath: "" },
          content,
          origin: { ...origin, connector: "DSN" },
        };
        await spool.settle(claim, doneAll(claim), [report, report]);
        expect(spool.size).toBe(2);
        expect(heard).toHaveLength(2);
        expect(heard[0]?.message).toMatchObject({
          envelope: report.envelope,
          origin: report.origin,
          content: {
            sizeBytes: reportBytes,
            dotLines: reportBytes / 4,
            eightBit: false,
            endsWithCrlf: true,
          },
        });
        expect(content.equals(await readContent((heard[1] as Claim).content))).toBe(true);
      });

      test("tells who waits when the last recipient is done, not before", async () => {
        const { id } = await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"));
        let settled = false;
        const waiting = spool.whenFinished(id).then(() => (settled = true));
        const claim = await claimOne();
        await spool.settle(claim, [{ kind: "done", index: 0 }]);
        const rest = await claimOne();
        expect(settled).toBe(false);
        await spool.settle(rest, doneAll(rest));
        await waiting;
        await spool.whenFinished(id);
        await spool.whenFinished(12345);
      });

      test("refuses changes outside its claim, which stays", async () => {
        await acceptMessage(spool);
        const claim = await claimOne();
        await expect(spool.settle(claim, [{ kind: "done", index: 7 }])).rejects.toThrow(/outside/);
        expect(spool.size).toBe(1);
      });
    });

    describe("suspension", () =>
      describeSuspension({ spool: () => spool, clock: () => clock, reopen: () => under.reopen }));

    describe("answers", () =>
      describeAnswers({ spool: () => spool, clock: () => clock, reopen: () => under.reopen }));

    describe("promise 8: walks", () =>
      describeWalks({
        spool: () => spool,
        clock: () => clock,
        reopen: () => under.reopen,
        clockAt: createFakeClock,
      }));

    describe("upkeep", () => {
      test("claims old messages in order of arrival, whatever their queue", async () => {
        const first = await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"));
        const claim = await claimOne();
        await spool.settle(claim, [
          { kind: "keep", index: 0, queue: "q", dueAt: startAt + 9e9, attempts: 1, delayReported: false },
        ]);
        await clock.advance(10);
        const second = await acceptMessage(spool);
        await clock.advance(10);
        const third = await acceptMessage(spool);
        const held = await claimOne(submissionQueue);
        expect(held.message.id).toBe(first.id);

        const old = spool.walkOld();
        const claims = await old.claim(third.arrivedAt, 100);
        expect(claims.map(({ message, queue }) => [message.id, queue])).toEqual([
          [first.id, "q"],
          [second.id, submissionQueue],
        ]);
        expect(await old.claim(third.arrivedAt, 100)).toEqual([]);
        for (const one of claims) spool.release(one);
        expect(await old.claim(third.arrivedAt, 100)).toHaveLength(1);

        const short = spool.walkOld();
        expect(idsOf(await short.claim(third.arrivedAt, 1))).toEqual([second.id]);
      });

      test("claims one message of a queue, due or not, unless it is held", async () => {
        const { id } = await acceptMessage(spool);
        await acceptMessage(spool);
        const first = await claimOne();
        await spool.settle(first, keepAll(first, "a", startAt + 9));
        expect(await spool.claimMessage(submissionQueue, id)).toBe("missing");
        expect(await spool.claimMessage("a", id + 1000)).toBe("missing");
        const claim = (await spool.claimMessage("a", id)) as Claim;
        expect(claim.message.id).toBe(id);
        expect(claim.recipients).toHaveLength(1);
        expect(await spool.claimMessage("a", id)).toBe("held");
        expect(await spool.claim("a", 9, startAt + 99)).toEqual([]);
        await spool.settle(claim, doneAll(claim));
        expect(await spool.claimMessage("a", id)).toBe("missing");
        expect(counts()).toEqual({ [submissionQueue]: 1 });
      });

      test.each([unreachableQueue, submissionQueue])("resubmits the queue '%s'", async (queue) => {
        for (let i = 0; i < 150; i++) await acceptMessage(spool);
        const claims = await spool.claim(submissionQueue, 150, clock.now());
        await Promise.all(
          claims.map((claim) => spool.settle(claim, keepAll(claim, queue, startAt + 1_000_000))),
        );
        await clock.advance(10);
        const [held] = (await spool.walkOld().claim(clock.now(), 1)) as [Claim];
        expect(await spool.resubmit(queue)).toBe(149);
        const again = await spool.claim(submissionQueue, 1000, clock.now());
        expect(again).toHaveLength(149);
        expect(again[0]?.recipients[0]).toMatchObject({ attempts: 1, lastError: "450 4.2.1 busy" });
        spool.release(held);
        expect(nextDueAt(queue)).toBe(startAt + 1_000_000);
      });

      test("resubmitting the submission queue moves what is due later, and leaves what is due", async () => {
        await acceptMessage(spool);
        const claim = await claimOne();
        await spool.settle(claim, keepAll(claim, submissionQueue, startAt + 5000));
        await acceptMessage(spool);
        expect(await spool.resubmit(submissionQueue)).toBe(1);
        expect(await spool.resubmit(submissionQueue)).toBe(0);
        expect(await spool.claim(submissionQueue, 3, clock.now())).toHaveLength(2);
      });

      test("tells the next due time whatever became of the first entry", async () => {
        await acceptMessage(spool);
        await clock.advance(10);
        await acceptMessage(spool);
        expect(nextDueAt(submissionQueue)).toBe(startAt);
        const [old] = await spool.walkOld().claim(startAt + 1, 1);
        expect(nextDueAt(submissionQueue)).toBe(startAt + 10);
        await spool.settle(old as Claim, doneAll(old as Claim));
        expect(nextDueAt(submissionQueue)).toBe(startAt + 10);
        const claim = await claimOne();
        expect(nextDueAt(submissionQueue)).toBeUndefined();
        await spool.settle(claim, keepAll(claim, "q", startAt + 500));
        await acceptMessage(spool);
        expect(nextDueAt(submissionQueue)).toBe(startAt + 10);
        expect(nextDueAt("q")).toBe(startAt + 500);
      });

      test("lists a queue in due order, without claiming", async () => {
        const first = await acceptMessage(spool);
        await clock.advance(1);
        const second = await acceptMessage(spool, "y", envelopeTo("c@test"));
        const claim = await claimOne();
        const { messages: rows } = await spool.list(submissionQueue, 10);
        expect(rows.map(({ message, dueAt }) => [message.id, dueAt])).toEqual([
          [first.id, startAt],
          [second.id, startAt + 1],
        ]);
        expect(rows[1]?.message).toEqual(second);
        expect(rows[1]?.recipients).toEqual([{ index: 0, attempts: 0, delayReported: false }]);
        expect((await spool.list(submissionQueue, 1)).messages).toHaveLength(1);
        expect(await spool.list("none", 1)).toEqual({ messages: [], examined: 0, next: undefined });
        const search = (maxExamined: number, id: number) =>
          spool.list(submissionQueue, 10, { fits: ({ message }) => message.id === id, maxExamined });
        const last = rows.at(-1)?.message.id ?? 0;
        expect((await search(rows.length, last)).messages.map(({ message }) => message.id)).toEqual([last]);
        expect((await search(rows.length - 1, last)).messages).toEqual([]);
        expect(claim.message.id).toBe(first.id);
      });

      test("tells since when the oldest message waits, in all and in a queue", async () => {
        expect([await spool.oldestSince(), await spool.oldestSince(submissionQueue)]).toEqual([
          undefined,
          undefined,
        ]);
        await acceptMessage(spool);
        await clock.advance(60_000);
        await acceptMessage(spool);
        const first = await claimOne();
        await spool.settle(first, keepAll(first, "next", clock.now() + 1000));
        expect([await spool.oldestSince(), await spool.oldestSince("next")]).toEqual([startAt, startAt]);
        expect(await spool.oldestSince(submissionQueue)).toBe(startAt + 60_000);
        expect(await spool.oldestSince("none")).toBeUndefined();
      });

      test("promise 6: sets a message aside whose content is damaged; its claims end", async () => {
        const damages: unknown[] = [];
        spool.onDamaged((damage) => damages.push(damage));
        const message = await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"));
        const other = await acceptMessage(spool);
        const claim = await claimOne();
        await spool.settle(claim, [
          { kind: "keep", index: 1, queue: "q", dueAt: startAt, attempts: 0, delayReported: false },
        ]);
        const [one, two] = [await claimOne(), await claimOne("q")];
        await spool.setAside(one, "it is torn");
        expect(damages).toMatchObject([{ id: message.id, what: "it is torn" }]);
        expect(spool.size).toBe(1);
        expect(await spool.settle(two, doneAll(two))).toBe("lost");
        spool.release(one);
        await spool.whenFinished(message.id);
        expect(counts()).toEqual({ [submissionQueue]: 1 });
        expect(idsOf(await spool.claim(submissionQueue, 9, clock.now()))).toEqual([other.id]);
      });

      test("refuses everything after close, and lets waiters go", async () => {
        const { id } = await acceptMessage(spool);
        const claim = await claimOne();
        const waiting = spool.whenFinished(id);
        const draft = spool.begin();
        draft.write(patterned(100_000));
        await spool.close();
        await spool.close();
        await waiting;
        const closed = { name: "SpoolError", code: "closed" };
        await expect(spool.settle(claim, doneAll(claim))).rejects.toMatchObject(closed);
        await expect(spool.claim(submissionQueue, 1, clock.now())).rejects.toMatchObject(closed);
        await expect(acceptMessage(spool)).rejects.toMatchObject(closed);
        spool.release(claim);
      });
    });

    test("promise 2: keeps its state over a restart", async ({ skip }) => {
      const { reopen } = under;
      if (reopen === undefined) return skip();
      const settled = await acceptMessage(spool, patterned(20_000));
      const settling = await claimOne();
      await spool.settle(settling, doneAll(settling));
      const small = await acceptMessage(spool, "small", envelopeTo("a@test", "b@test"));
      const large = await acceptMessage(spool, patterned(100_000));
      const held = await claimOne();
      await spool.settle(held, [
        { kind: "done", index: 0 },
        {
          kind: "keep",
          index: 1,
          queue: "q",
          dueAt: startAt + 5,
          attempts: 2,
          lastError: "é",
          delayReported: true,
        },
      ]);
      await claimOne();
      spool.begin().write(patterned(100_000));

      await clock.advance(5);
      spool = await reopen();
      expect(spool.recovered).toBe(2);
      expect(spool.size).toBe(2);
      expect(counts()).toEqual({ [submissionQueue]: 1, q: 1 });
      expect(nextDueAt("q")).toBe(startAt + 5);
      const again = await claimOne("q");
      expect(again.message).toEqual(small);
      expect(again.recipients).toEqual([{ index: 1, attempts: 2, lastError: "é", delayReported: true }]);
      const claim = await claimOne();
      expect(claim.message).toEqual(large);
      expect(patterned(100_000).equals(await readContent(claim.content))).toBe(true);
      expect(spool.begin().id).toBeGreaterThan(large.id);
      expect(settled.id).toBeLessThan(small.id);
      for (const one of [again, claim]) await spool.settle(one, doneAll(one));

      spool = await reopen();
      expect(spool.size).toBe(0);
      expect(spool.queues()).toEqual([]);
    });
  });
}
