/** 2,000 messages of three applications at thirty a minute, with nothing but turns: what is put off asks again when due. */
import { describe, expect, it } from "vitest";
import type { Clock } from "../../ports/ports.ts";
import { SendBudget } from "./send-budget.ts";
import { mostTurnsWaiting, SendTurns } from "./send-turns.ts";

const minute = 60_000;
const limits = { messagesPerMinute: 30, recipientsPerDay: Infinity };

interface Left {
  readonly application: string;
  readonly at: number;
  readonly id: number;
}

/** A clock and turns under it; `advance` runs what is due in order. */
function underTurns(weights: Readonly<Record<string, number>> = {}) {
  let now = 1_000_000_000;
  const timers: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    wall: () => new Date(now),
    after(delayMs, run) {
      const timer = { at: now + Math.max(0, delayMs), run };
      timers.push(timer);
      return { cancel: () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0) };
    },
  };
  const advance = (ms: number): void => {
    const end = now + ms;
    for (;;) {
      let next = timers[0];
      for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer;
      if (next === undefined || next.at > end) break;
      timers.splice(timers.indexOf(next), 1);
      now = Math.max(now, next.at);
      next.run();
    }
    now = end;
  };
  const left: Left[] = [];
  let putOffs = 0;
  const budget = new SendBudget({ account: "a", mailbox: "m" }, new Map());
  const turns = new SendTurns(
    clock,
    () => true,
    () => undefined,
  );
  const owner = {};
  const ask = (application: string, id: number, arrivedAt = now): void =>
    turns.ask({
      claim: {},
      id,
      arrivedAt,
      recipients: 1,
      weight: weights[application] ?? 1,
      application,
      needs: [{ budget, limits }],
      owner,
      begin: () => void left.push({ application, at: now, id }),
      putOff(afterMs) {
        putOffs++;
        clock.after(Math.min(afterMs, 3_600_000), () => ask(application, id, arrivedAt));
      },
    });
  let ids = 0;
  return {
    clock,
    advance,
    budget,
    turns,
    owner,
    left,
    submit(application: string, messages: number) {
      for (let n = 0; n < messages; n++) ask(application, ++ids);
    },
    get putOffs() {
      return putOffs;
    },
  };
}

const count = (left: readonly Left[], application: string): number =>
  left.filter((one) => one.application === application).length;

describe("turns", () => {
  it("are even, fair, never more than the rate, none is left unused, and the forecast is right", () => {
    const t = underTurns();
    const began = t.clock.now();
    t.submit("erp", 1800);
    t.submit("helpdesk", 100);
    t.submit("payroll", 100);
    const forecastMs = (t.budget.emptyAt(limits, t.clock.now()) ?? 0) - began;
    t.advance(5 * minute);
    for (const application of ["erp", "helpdesk", "payroll"])
      expect(Math.abs(count(t.left, application) - t.left.length / 3)).toBeLessThan(5);
    t.advance(10 * minute);
    expect([count(t.left, "helpdesk"), count(t.left, "payroll")]).toEqual([100, 100]);
    t.submit("helpdesk", 1);
    t.advance(2100);
    expect(count(t.left, "helpdesk")).toBe(101);
    const midway = (t.budget.emptyAt(limits, t.clock.now()) ?? 0) - began;

    t.advance(60 * minute);
    expect(t.left).toHaveLength(2001);
    const tookMs = (t.left.at(-1)?.at ?? 0) - began;
    expect(tookMs).toBeLessThan(71 * minute);
    for (const told of [forecastMs, midway]) expect(Math.abs(told - tookMs) / tookMs).toBeLessThan(0.05);
    let most = 0;
    for (const [first, { at }] of t.left.entries()) {
      let last = first;
      while ((t.left[last]?.at ?? Infinity) < at + minute) last++;
      most = Math.max(most, last - first);
    }
    expect(most).toBeLessThanOrEqual(30);
    // Each is a write: few are put off more than once.
    expect(t.putOffs).toBeLessThan(2 * 2000);
  });

  it("go by weight: who matters more waits less, and nobody for ever", () => {
    const t = underTurns({ news: 1, erp: 4, alarm: 16 });
    t.submit("news", 1200);
    t.submit("erp", 800);
    t.advance(5 * minute);
    const share = count(t.left, "news") / t.left.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
    t.submit("alarm", 40);
    const since = t.left.length;
    t.advance(2 * minute);
    const meanwhile = t.left.slice(since);
    expect(count(meanwhile, "alarm")).toBeGreaterThanOrEqual(38);
    expect(count(meanwhile, "news")).toBeGreaterThanOrEqual(2);
    t.advance(70 * minute);
    expect(t.left).toHaveLength(2040);
  });

  it("go to the oldest of an application, and the newest waits elsewhere", () => {
    const t = underTurns();
    t.submit("erp", 12);
    t.advance(20_000);
    expect(t.left.map(({ id }) => id).slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  describe("where one connector has too many in all", () => {
    const crowd = () => {
      const { clock } = underTurns();
      const turns = new SendTurns(
        clock,
        () => false,
        () => undefined,
      );
      const budget = new SendBudget({ account: "a", mailbox: "m" }, new Map());
      const unpaced = { messagesPerMinute: Infinity, recipientsPerDay: 100_000 };
      const putOff: string[] = [];
      let ids = 0;
      const submit = (owner: object, application: string, messages: number): void => {
        for (let n = 0; n < messages; n++)
          turns.ask({
            claim: {},
            id: ++ids,
            arrivedAt: ids,
            recipients: 1,
            application,
            weight: 1,
            needs: [{ budget, limits: unpaced }],
            owner,
            begin: () => undefined,
            putOff: () => void putOff.push(application),
          });
      };
      return { submit, putOff };
    };

    it("its own longest line gives way", () => {
      const { submit, putOff } = crowd();
      const [own, other] = [{}, {}];
      submit(other, "payroll", 150);
      submit(own, "erp", mostTurnsWaiting - 72);
      submit(own, "helpdesk", 72);
      expect(putOff).toEqual([]);
      submit(own, "helpdesk", 1);
      expect(putOff).toEqual(["erp"]);
    });

    it("one does though each line has one only", () => {
      const { submit, putOff } = crowd();
      const own = {};
      for (let n = 0; n < mostTurnsWaiting; n++) submit(own, `application ${n}`, 1);
      expect(putOff).toEqual([]);
      submit(own, "one more", 1);
      expect(putOff).toHaveLength(1);
    });
  });

  it("end with their owner", () => {
    const t = underTurns();
    t.submit("erp", 5);
    let ended = 0;
    t.turns.dismiss(t.owner, () => ended++);
    expect(ended).toBe(4);
    t.advance(minute);
    expect(t.left).toHaveLength(1);
    expect(t.budget.backlog(t.clock.now())).toEqual({ messages: 0, recipients: 0 });
  });
});

describe("how many of one application wait in memory", () => {
  /** Asks for turns under these limits; what is put off does not come again. */
  const asking = (...each: { readonly messagesPerMinute: number; readonly recipientsPerDay?: number }[]) => {
    const { clock } = underTurns();
    const turns = new SendTurns(
      clock,
      () => true,
      () => undefined,
    );
    const needs = each.map((given, n) => ({
      budget: new SendBudget({ account: "a", mailbox: `m${n}` }, new Map()),
      limits: { recipientsPerDay: Infinity, ...given },
    }));
    const putOff: { id: number; afterMs: number; need: number; by: string }[] = [];
    const left: number[] = [];
    let ids = 0;
    const ask = (arrivedAt = clock.now(), recipients = 1): number => {
      const id = ++ids;
      turns.ask({
        claim: {},
        id,
        arrivedAt,
        recipients,
        weight: 1,
        application: "erp",
        needs,
        owner: turns,
        begin: () => void left.push(id),
        putOff: (afterMs, need, by) => void putOff.push({ id, afterMs, need: needs.indexOf(need), by }),
      });
      return id;
    };
    return { clock, turns, needs, putOff, left, ask };
  };
  const many = (times: number, ask: () => number): void => {
    for (let n = 0; n < times; n++) ask();
  };

  it.each([
    [1, 4],
    [30, 8],
    [100, 25],
    [1_000, 64],
  ])("at %d a minute: %d, what leaves in a quarter of it, within bounds", (messagesPerMinute, expected) => {
    const { needs, ask } = asking({ messagesPerMinute });
    many(150, ask);
    expect(needs[0]?.budget.waiting.size).toBe(expected);
  });

  it("the rest comes back one by one, the first not later than what is in memory may have left", () => {
    const { putOff, ask } = asking({ messagesPerMinute: 30 });
    many(20, ask);
    const times = putOff.map(({ afterMs }) => afterMs);
    expect(times).toHaveLength(11);
    expect(times[0]).toBeGreaterThan(2_000);
    expect(times[0]).toBeLessThan(8 * 2_100);
    for (let n = 1; n < times.length; n++) {
      expect(Math.abs((times[n] ?? 0) - (times[n - 1] ?? 0) - 2_089.7)).toBeLessThan(2);
    }
  });

  it("and with others when all are asked for at once: nothing of before counts", () => {
    const { turns, putOff, ask } = asking({ messagesPerMinute: 30 });
    many(60, ask);
    turns.startOver();
    many(1, ask);
    expect(putOff.at(-1)?.afterMs).toBe(putOff[0]?.afterMs);
  });

  it("the slowest of what it is counted by decides", () => {
    const { needs, putOff, ask } = asking({ messagesPerMinute: 100 }, { messagesPerMinute: 30 });
    many(20, ask);
    expect(needs.map(({ budget }) => budget.waiting.size)).toEqual([8, 8]);
    expect(new Set(putOff.map(({ need, by }) => `${need} ${by}`))).toEqual(new Set(["1 pace"]));
  });

  it("a day that is used up puts off, whichever it is, and by its own time", () => {
    const { putOff, left, ask } = asking(
      { messagesPerMinute: Infinity },
      { messagesPerMinute: Infinity, recipientsPerDay: 10 },
    );
    ask(undefined, 10);
    ask(undefined, 1);
    expect(left).toEqual([1]);
    expect(putOff).toMatchObject([{ id: 2, need: 1, by: "day" }]);
    expect(putOff[0]?.afterMs).toBeGreaterThan(23 * 60 * minute);
  });

  it("the oldest goes first, whenever it asks", () => {
    const { clock, needs, ask } = asking({ messagesPerMinute: 1 });
    ask();
    const late = [ask(clock.now() + 5), ask(clock.now() + 7)];
    const early = ask(clock.now() - 5);
    expect([...(needs[0]?.budget.waiting.keys() ?? [])]).toEqual([...late, early]);
    many(1, () => ask(clock.now() + 6));
    many(1, () => ask(clock.now() + 1));
    // Of five that wait the newest gave way.
    expect([...(needs[0]?.budget.waiting.keys() ?? [])]).toEqual([2, 4, 5, 6]);
  });

  it("one that its owner takes back leaves the others", () => {
    const { turns, needs, ask } = asking({ messagesPerMinute: 1 });
    many(4, ask);
    const ended: number[] = [];
    turns.dismiss(turns, ({ id }) => void ended.push(id), 3);
    turns.dismiss({}, ({ id }) => void ended.push(id));
    expect([ended, [...(needs[0]?.budget.waiting.keys() ?? [])]]).toEqual([[3], [2, 4]]);
  });
});
