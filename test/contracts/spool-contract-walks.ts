/** Promise 8 of `src/spool/spool.ts`: a walk over old messages passes none for ever. */
import { expect, test } from "vitest";
import type { Claim } from "../../src/spool/spool.ts";
import { submissionQueue } from "../../src/spool/spool.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import {
  acceptMessage,
  doneAll,
  envelopeTo,
  keepAll,
  oneRound,
  origin,
  plainFacts,
  type WholeSpool,
} from "../../src/testing/spool-messages.ts";

export interface WalksUnderTest {
  readonly spool: () => WholeSpool;
  readonly clock: () => FakeClock;
  /** With another clock if need be. Undefined where nothing survives. */
  readonly reopen: () => ((clock?: FakeClock) => Promise<WholeSpool>) | undefined;
  readonly clockAt: (ms: number) => FakeClock;
}

const timeoutMs = 1000;

export function describeWalks(under: WalksUnderTest): void {
  /** Messages whose time is up, by a round of a walk; each claim is given back at once. */
  const overdue = async (old: ReturnType<WholeSpool["walkOld"]>, limit?: number): Promise<number[]> => {
    const claims = await oneRound(old, under.clock().now() - timeoutMs + 1, limit);
    for (const claim of claims) under.spool().release(claim);
    return claims.map(({ message }) => message.id);
  };
  const accept = (draft: ReturnType<WholeSpool["begin"]>, to = envelopeTo("a@test")) =>
    under.spool().accept(draft, to, origin, plainFacts);

  test("meets each message once it is old, however often it went by", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const old = spool.walkOld();
    const ids: number[] = [];
    const met: number[] = [];
    for (let step = 0; step < 10; step++) {
      const messages = await Promise.all(Array.from({ length: 20 }, () => acceptMessage(spool)));
      ids.push(...messages.map(({ id }) => id));
      met.push(...(await overdue(old, 7)));
      await clock.advance(250);
    }
    expect(met).toEqual(ids.slice(0, met.length));
    expect(met).toHaveLength(120);
    await clock.advance(timeoutMs);
    met.push(...(await overdue(old, 7)));
    expect(met).toEqual(ids);
    expect(await overdue(old)).toEqual([]);
  });

  test("meets what began first and was accepted last", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const [old, unaware] = [spool.walkOld(), spool.walkOld()];
    const [slow, slower, gone] = [spool.begin(), spool.begin(), spool.begin()];
    await clock.advance(10);
    const quick = await acceptMessage(spool);
    await clock.advance(timeoutMs / 2);
    await accept(slow);
    await clock.advance(timeoutMs / 2);
    // Too young beside one that is old; still coming in; given up.
    expect(await overdue(old)).toEqual([quick.id]);
    await accept(slower);
    gone.discard();
    expect(await overdue(old)).toEqual([]);
    await clock.advance(timeoutMs / 2);
    expect(await overdue(old)).toEqual([slow.id]);
    await clock.advance(timeoutMs / 2);
    expect(await overdue(old)).toEqual([slower.id]);
    expect(await overdue(old)).toEqual([]);
    expect(await overdue(unaware)).toEqual([slow.id, slower.id, quick.id]);
  });

  test("meets what was being accepted", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const old = spool.walkOld();
    const accepting = Array.from({ length: 5 }, () => accept(spool.begin()));
    const early = await oneRound(old, clock.now() + 1);
    for (const claim of early) spool.release(claim);
    const ids = (await Promise.all(accepting)).map(({ id }) => id);
    await clock.advance(timeoutMs);
    const late = await overdue(old);
    expect([...early.map(({ message }) => message.id), ...late].sort((a, b) => a - b)).toEqual(ids);
  });

  test("meets what was held, and what is suspended, in every queue", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const old = spool.walkOld();
    const two = await acceptMessage(spool, "x", envelopeTo("a@test", "b@test"));
    const [claim] = (await spool.claim(submissionQueue, 1, clock.now())) as [Claim];
    await spool.settle(claim, [
      { kind: "keep", index: 0, queue: "q", dueAt: clock.now() + 9e9, attempts: 1, delayReported: false },
      { kind: "keep", index: 1, queue: "r", dueAt: clock.now(), attempts: 1, delayReported: false },
    ]);
    const suspended = await acceptMessage(spool);
    await spool.suspend(submissionQueue, suspended.id, true);
    const [held] = (await spool.claim("r", 1, clock.now())) as [Claim];
    await clock.advance(timeoutMs);
    expect(await overdue(old)).toEqual([two.id, suspended.id]);
    expect(await overdue(old)).toEqual([two.id]);
    spool.release(held);
    const [first, second, ...others] = await old.claim(clock.now(), 100);
    expect([first?.queue, second?.queue, others.length]).toEqual(["q", "r", 0]);
    for (const one of [first, second]) spool.release(one as Claim);
    expect(await overdue(old)).toEqual([]);
  });

  test("goes on when messages end, move or are set aside during the walk", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const messages = await Promise.all(Array.from({ length: 100 }, () => acceptMessage(spool)));
    const ids = messages.map(({ id }) => id);
    await clock.advance(timeoutMs);
    const old = spool.walkOld();
    const met: number[] = [];
    const gone: number[] = [];
    for (;;) {
      const claims = await old.claim(clock.now(), 1);
      const [one] = claims;
      if (one === undefined) break;
      met.push(one.message.id);
      const n = met.length % 4;
      if (n === 0) await spool.settle(one, doneAll(one));
      else if (n === 1) await spool.settle(one, keepAll(one, "later", clock.now() + 5));
      else if (n === 2) await spool.setAside(one, "torn");
      else spool.release(one);
      // The next but one goes before the walk gets to it.
      const next = await spool.claimMessage(submissionQueue, one.message.id + 2);
      if (typeof next === "string") continue;
      if (met.length % 10 !== 0) spool.release(next);
      else {
        gone.push(next.message.id);
        await spool.settle(next, doneAll(next));
      }
    }
    expect(met).toEqual(ids.filter((id) => !gone.includes(id)));
    expect(gone).toHaveLength(9);
  });

  test("goes by acceptance after the clock went back", async ({ skip }) => {
    const reopen = under.reopen();
    if (reopen === undefined) return skip();
    const begun = under.clock().now();
    const ahead = await acceptMessage(under.spool());
    const clock = under.clockAt(begun - 86_400_000);
    const spool = await reopen(clock);
    const old = spool.walkOld();
    const round = async () => {
      const claims = await oneRound(old, clock.now() - timeoutMs + 1);
      for (const claim of claims) spool.release(claim);
      return claims.map(({ message }) => message.id);
    };
    const now = await acceptMessage(spool);
    expect(now.id).toBeGreaterThan(ahead.id);
    expect(await round()).toEqual([]);
    await clock.advance(timeoutMs);
    const later = await acceptMessage(spool);
    // What seems to arrive later than now is as old as this run.
    expect(await round()).toEqual([ahead.id, now.id]);
    await clock.advance(timeoutMs);
    expect(await round()).toEqual([later.id]);
    await clock.advance(86_400_000);
    expect(await round()).toEqual([]);
  });
}
