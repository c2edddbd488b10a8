/** What `src/spool/spool-answers.ts` promises, for every implementation. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { SpooledMessage } from "../../src/spool/spool.ts";
import { maxAnswerBytes, maxAnswerWindowMs, type KeptAnswer } from "../../src/spool/spool-answers.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import {
  claimAll,
  doneAll,
  envelopeTo,
  firstTurn,
  origin,
  patterned,
  plainFacts,
  type WholeSpool,
} from "../../src/testing/spool-messages.ts";

export interface AnswersUnderTest {
  readonly spool: () => WholeSpool;
  readonly clock: () => FakeClock;
  /** Undefined where nothing survives. */
  readonly reopen: () => ((clock?: FakeClock) => Promise<WholeSpool>) | undefined;
}

const key = { scope: "a", key: "order 1" };
const fingerprint = createHash("sha256").update("x").digest();
const hourMs = 3_600_000;

export function describeAnswers(under: AnswersUnderTest): void {
  const answered = async (of = key): Promise<KeptAnswer> => {
    const asked = await under.spool().answers.ask(of);
    if (asked.kind !== "answered") throw new Error(asked.kind);
    return asked.kept;
  };
  const kindOf = async (of = key): Promise<string> => {
    const asked = await under.spool().answers.ask(of);
    if (asked.kind === "first") asked.turn.end();
    return asked.kind;
  };
  /** Accepts a message that is answered under the key. */
  const keep = async (
    of = key,
    { answer = "250 as before", windowMs = hourMs, content = patterned(100) } = {},
  ): Promise<SpooledMessage> => {
    const spool = under.spool();
    const turn = await firstTurn(spool, of);
    const draft = spool.begin();
    draft.write(content);
    return spool.accept(draft, envelopeTo("to@test"), origin, plainFacts, {
      answer: { turn, fingerprint, answer, windowMs },
    });
  };

  test.each([
    ["kept in a record", 100],
    ["kept in a file", 100_000],
  ])("promise 9: an answer stands with its message, %s, and outlives it", async (_, bytes) => {
    const [spool, clock] = [under.spool(), under.clock()];
    const givenAt = clock.now();
    const { id } = await keep(key, { content: patterned(bytes) });
    await clock.advance(10);
    expect(await answered()).toEqual({ id, fingerprint, answer: "250 as before", givenAt });
    for (const claim of await claimAll(spool)) await spool.settle(claim, doneAll(claim));
    expect([spool.size, spool.answers.size]).toEqual([0, 1]);
    expect(await answered()).toMatchObject({ id });
  });

  test("promise 9: what is not accepted is not answered, and its turn is over", async () => {
    const spool = under.spool();
    const turn = await firstTurn(spool, key);
    const draft = spool.begin();
    draft.write(patterned(10));
    await expect(
      spool.accept(draft, envelopeTo("to@test"), origin, plainFacts, {
        answer: { turn, fingerprint, answer: "x".repeat(maxAnswerBytes + 1), windowMs: hourMs },
      }),
    ).rejects.toThrow(/4096 octets/);
    expect([await kindOf(), spool.size, spool.answers.size]).toEqual(["first", 0, 0]);
  });

  test("promise 10: one is first, the others hear when it ended, and are answered or next", async () => {
    const spool = under.spool();
    const first = await firstTurn(spool, key);
    const order: string[] = [];
    const others = ["b", "c"].map(async (name) => {
      const asked = await spool.answers.ask(key);
      if (asked.kind !== "running") throw new Error(asked.kind);
      await asked.ended;
      order.push(name);
    });
    expect(await kindOf({ scope: "b", key: key.key })).toBe("first");
    expect(order).toEqual([]);
    first.end();
    first.end();
    await Promise.all(others);
    expect(order).toEqual(["b", "c"]);

    const next = await firstTurn(spool, key);
    // What has ended, ends nothing of others.
    first.end();
    expect(await kindOf()).toBe("running");
    next.end();
    await keep();
    expect(await kindOf()).toBe("answered");
  });

  test("promise 10: whoever asks when the message is durable is answered, though nobody has it yet", async () => {
    const spool = under.spool();
    const turn = await firstTurn(spool, key);
    const draft = spool.begin();
    let during = "";
    const accepted = spool.accept(draft, envelopeTo("to@test"), origin, plainFacts, {
      answer: { turn, fingerprint, answer: "", windowMs: hourMs },
      async beforeHandover() {
        during = await kindOf();
      },
    });
    await accepted;
    expect([during, await kindOf()]).toEqual(["answered", "answered"]);
  });

  test("promise 11: keys are others' in another scope, however the two are written together", async () => {
    await keep({ scope: "a", key: "b" });
    const others = [
      { scope: "ab", key: "" },
      { scope: "", key: "ab" },
      { scope: "A", key: "b" },
      { scope: 'a","b', key: "" },
      { scope: "a", key: "B" },
    ];
    for (const other of others) expect(await kindOf(other), JSON.stringify(other)).toBe("first");
    expect(await kindOf({ scope: "a", key: "b" })).toBe("answered");
    await keep({ scope: "a", key: "ä".repeat(5_000) });
    expect(await kindOf({ scope: "a", key: "ä".repeat(5_000) })).toBe("answered");
  });

  test("promise 11: an answer is forgotten when its window has passed, and another may take its place", async () => {
    const [spool, clock] = [under.spool(), under.clock()];
    const first = await keep(key, { windowMs: hourMs });
    await keep({ scope: "a", key: "another" }, { windowMs: maxAnswerWindowMs });
    await clock.advance(hourMs - 1);
    expect(await answered()).toMatchObject({ id: first.id });
    await clock.advance(1);
    const second = await keep(key, { windowMs: hourMs, answer: "another" });
    expect(await answered()).toMatchObject({ id: second.id, answer: "another" });
    expect(spool.answers.size).toBe(2);
    await clock.advance(hourMs);
    expect(await kindOf()).toBe("first");
    await expect
      .poll(async () => {
        await clock.advance(10_000);
        return spool.answers.size;
      })
      .toBe(1);
    expect(await kindOf({ scope: "a", key: "another" })).toBe("answered");
  });

  test("promise 9: answers are there after a restart, and are forgotten then", async ({ skip }) => {
    const reopen = under.reopen();
    if (reopen === undefined) return skip();
    const clock = under.clock();
    const { id } = await keep();
    const turn = await firstTurn(under.spool(), { scope: "a", key: "never ended" });
    await clock.advance(5);
    const again = await reopen();
    expect(again.answers.size).toBe(1);
    const asked = await again.answers.ask(key);
    expect(asked).toMatchObject({ kind: "answered", kept: { id, fingerprint, answer: "250 as before" } });
    expect(await again.answers.ask({ scope: "a", key: "never ended" })).toMatchObject({ kind: "first" });
    turn.end();
    await clock.advance(hourMs);
    await expect
      .poll(async () => {
        await clock.advance(10_000);
        return again.answers.size;
      })
      .toBe(0);
  });

  test("a closed spool answers nothing", async () => {
    await under.spool().close();
    await expect(under.spool().answers.ask(key)).rejects.toMatchObject({ code: "closed" });
  });
}
