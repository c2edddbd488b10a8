/** What `src/spool/spool.ts` promises of suspended messages, for every implementation. */
import { expect, test } from "vitest";
import type { Claim } from "../../src/spool/spool.ts";
import { submissionQueue, suspendedDueAt } from "../../src/spool/spool.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import {
  acceptMessage,
  doneAll,
  envelopeTo,
  keepAll,
  readContent,
  type WholeSpool,
} from "../../src/testing/spool-messages.ts";

export interface SuspensionUnderTest {
  readonly spool: () => WholeSpool;
  readonly clock: () => FakeClock;
  /** Undefined where nothing survives. */
  readonly reopen: () => (() => Promise<WholeSpool>) | undefined;
}

const anyTime = Number.MAX_SAFE_INTEGER;

export function describeSuspension(under: SuspensionUnderTest): void {
  const claims = async (spool: WholeSpool, queue = submissionQueue): Promise<Claim[]> => {
    const found = await spool.claim(queue, 10, anyTime);
    for (const claim of found) spool.release(claim);
    return found;
  };
  const ids = (found: readonly Claim[]) => found.map(({ message }) => message.id);
  const countOf = (spool: WholeSpool, queue: string) =>
    spool.queues().find((one) => one.queue === queue)?.messages ?? 0;

  test("a suspended message is not claimed, is counted and listed, and is due now when it goes on", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const first = await acceptMessage(spool);
    const second = await acceptMessage(spool);
    expect(await spool.suspend(submissionQueue, first.id, true)).toBe("changed");
    expect(await spool.suspend(submissionQueue, first.id, true)).toBe("unchanged");
    expect(ids(await claims(spool))).toEqual([second.id]);
    expect(countOf(spool, submissionQueue)).toBe(2);
    expect(await spool.suspend(submissionQueue, second.id, true)).toBe("changed");
    expect(spool.nextDueAt(submissionQueue)).toBeUndefined();
    expect(spool.queues()).toEqual([{ queue: submissionQueue, messages: 2, nextDueAt: undefined }]);
    const { messages } = await spool.list(submissionQueue, 10);
    expect(messages.map(({ dueAt, recipients }) => [dueAt, recipients[0]?.suspended])).toEqual([
      [suspendedDueAt, true],
      [suspendedDueAt, true],
    ]);
    await clock.advance(5);
    expect(await spool.suspend(submissionQueue, second.id, false)).toBe("changed");
    expect(await spool.suspend(submissionQueue, second.id, false)).toBe("unchanged");
    expect(spool.nextDueAt(submissionQueue)).toBe(clock.now());
    const [claim] = await claims(spool);
    expect(claim?.message.id).toBe(second.id);
    expect(claim?.recipients[0]).not.toHaveProperty("suspended");
  });

  test("what a claim holds, or is not there, cannot be suspended", async () => {
    const spool = under.spool();
    const { id } = await acceptMessage(spool);
    const [claim] = await spool.claim(submissionQueue, 1, anyTime);
    expect(await spool.suspend(submissionQueue, id, true)).toBe("held");
    expect(await spool.suspend("other", id, true)).toBe("missing");
    expect(await spool.suspend(submissionQueue, id + 1, true)).toBe("missing");
    spool.release(claim as Claim);
    expect(await spool.suspend(submissionQueue, id, true)).toBe("changed");
  });

  test("only recipients of that queue are suspended; others of the message go on", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const { id } = await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"));
    const [claim] = (await spool.claim(submissionQueue, 1, anyTime)) as [Claim];
    await spool.settle(claim, [
      { kind: "keep", index: 0, queue: "q", dueAt: clock.now(), attempts: 2, delayReported: false },
    ]);
    expect(await spool.suspend("q", id, true)).toBe("changed");
    expect(await claims(spool, "q")).toEqual([]);
    const [other] = (await spool.claim(submissionQueue, 1, anyTime)) as [Claim];
    // The other recipient comes into the same queue, and does not wait.
    await spool.settle(other, keepAll(other, "q", clock.now()));
    const [both] = await claims(spool, "q");
    expect(both?.recipients.map(({ index }) => index)).toEqual([1]);
    const found = await spool.find(id);
    expect(found?.places.map(({ queue, recipients }) => [queue, recipients])).toEqual([
      [
        "q",
        [
          { index: 0, attempts: 2, delayReported: false, suspended: true },
          expect.objectContaining({ index: 1, attempts: 1 }),
        ],
      ],
    ]);
    expect(await spool.suspend("q", id, false)).toBe("changed");
    expect((await claims(spool, "q"))[0]?.recipients).toHaveLength(2);
  });

  test("is claimed whole for expiry and by its id", async () => {
    const spool = under.spool();
    const { id } = await acceptMessage(spool);
    await spool.suspend(submissionQueue, id, true);
    const old = await spool.walkOld().claim(anyTime, 10);
    expect(old.map(({ recipients }) => recipients[0]?.suspended)).toEqual([true]);
    for (const claim of old) spool.release(claim);
    expect(await claims(spool)).toEqual([]);
    const claim = await spool.claimMessage(submissionQueue, id);
    await spool.settle(claim as Claim, doneAll(claim as Claim));
    expect(spool.size).toBe(0);
    expect(countOf(spool, submissionQueue)).toBe(0);
    expect(await spool.find(id)).toBeUndefined();
  });

  test("stays where it is when its queue is routed again, or moves and stays suspended", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const [one, two] = [await acceptMessage(spool), await acceptMessage(spool)];
    for (const claim of await spool.claim(submissionQueue, 2, anyTime))
      await spool.settle(claim, keepAll(claim, "q", clock.now()));
    await spool.suspend("q", one.id, true);
    expect(await spool.resubmit("q")).toBe(1);
    expect(ids(await claims(spool))).toEqual([two.id]);
    expect(countOf(spool, "q")).toBe(1);
    expect(await spool.resubmit("q", true)).toBe(1);
    expect(countOf(spool, "q")).toBe(0);
    expect(ids(await claims(spool))).toEqual([two.id]);
    await clock.advance(1);
    await spool.suspend(submissionQueue, one.id, false);
    expect(ids(await claims(spool))).toEqual([two.id, one.id]);
  });

  test("lists page by page, suspended ones alone or left out", async () => {
    const spool = under.spool();
    const all: number[] = [];
    for (let i = 0; i < 150; i++) all.push((await acceptMessage(spool)).id);
    for (const id of all.slice(0, 3)) await spool.suspend(submissionQueue, id, true);
    const walk = async (only: "suspended" | "notSuspended" | undefined, limit: number) => {
      const met: number[][] = [];
      for (let after: { dueAt: number; id: number } | undefined, more = true; more;) {
        const page = await spool.list(submissionQueue, limit, { only, after });
        met.push(page.messages.map(({ message }) => message.id));
        after = page.next;
        more = after !== undefined;
      }
      return met;
    };
    expect(await walk("notSuspended", 49)).toEqual([all.slice(3, 52), all.slice(52, 101), all.slice(101)]);
    expect(await walk("suspended", 2)).toEqual([all.slice(0, 2), all.slice(2, 3)]);
    expect((await walk(undefined, 64)).flat()).toEqual([...all.slice(3), ...all.slice(0, 3)]);
    const { examined, messages, next } = await spool.list(submissionQueue, 10, {
      maxExamined: 100,
      fits: ({ message }) => message.id === all[103],
    });
    expect([examined, messages]).toEqual([100, []]);
    expect((await spool.list(submissionQueue, 1, { after: next })).messages[0]?.message.id).toBe(all[103]);
  });

  test("finds one message with its content, held or not", async () => {
    const spool = under.spool();
    const { id } = await acceptMessage(spool, "Subject: y\r\n\r\nbody\r\n");
    expect((await spool.find(id))?.places[0]).toMatchObject({ queue: submissionQueue, held: false });
    await spool.claim(submissionQueue, 1, anyTime);
    const found = await spool.find(id);
    expect(found?.places[0]?.held).toBe(true);
    expect(found && (await readContent(found.content)).toString()).toBe("Subject: y\r\n\r\nbody\r\n");
    expect(await spool.find(id + 1)).toBeUndefined();
  });

  test("counts the deferred, suspended ones left out", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const begun = clock.now();
    expect(await spool.countDeferred("q", begun)).toBe(0);
    for (let i = 0; i < 3; i++) {
      await acceptMessage(spool);
      await clock.advance(10);
    }
    const [one, two, three] = (await spool.claim(submissionQueue, 3, anyTime)) as [Claim, Claim, Claim];
    await spool.settle(one, keepAll(one, "q", begun + 9000));
    await spool.settle(two, keepAll(two, "q", begun));
    await spool.settle(three, keepAll(three, "q", begun + 5000));
    await spool.suspend("q", three.message.id, true);
    expect(await spool.countDeferred("q", clock.now())).toBe(1);
  });

  test("survives the end of the process", async () => {
    const reopen = under.reopen();
    if (reopen === undefined) return;
    const [one, two] = [await acceptMessage(under.spool()), await acceptMessage(under.spool())];
    await under.spool().suspend(submissionQueue, one.id, true);
    const spool = await reopen();
    expect(ids(await claims(spool))).toEqual([two.id]);
    expect((await spool.list(submissionQueue, 10, { only: "suspended" })).messages).toHaveLength(1);
    await spool.suspend(submissionQueue, one.id, false);
    expect(ids(await claims(spool))).toEqual([one.id, two.id]);
  });
}
