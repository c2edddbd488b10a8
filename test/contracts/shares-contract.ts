/** What `src/ports/shared-shares.ts` promises, for every implementation. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quarterMs, quarterOf } from "../../src/core/policy/recipients-day.ts";
import { paceAllowsAt, paceOf } from "../../src/core/policy/send-pace.ts";
import type { SharedDays, SharedPaces } from "../../src/ports/shared-shares.ts";

export interface TestedShares {
  /** Of two nodes. */
  readonly nodes: readonly [SharedDays & SharedPaces, SharedDays & SharedPaces];
  end(): Promise<void>;
}

/** `now`: what paces go by. */
export function describeShares(name: string, open: (now: () => number) => Promise<TestedShares>): void {
  describe(name, () => {
    let at = Date.UTC(2026, 0, 15, 12, 1);
    let tested: TestedShares;
    beforeEach(async () => {
      at = Date.UTC(2026, 0, 15, 12, 1);
      tested = await open(() => at);
    });
    afterEach(() => tested.end());

    const ask = (wanted: number, limit = 100, mayExceed = false) => [{ key: "k", wanted, limit, mayExceed }];
    const sum = (day: ReadonlyMap<number, number> = new Map()) =>
      [...day.values()].reduce((total, count) => total + count, 0);

    test("what is borrowed counts at once for all, and no more is given than the limit", async () => {
      const [a, b] = tested.nodes;
      const [first] = await a.borrow(at, ask(1), []);
      expect([first?.granted, sum(first?.day)]).toEqual([6, 6]);
      const [second] = await b.borrow(at, ask(90), []);
      expect([second?.granted, sum(second?.day)]).toEqual([90, 96]);
      const [third] = await a.borrow(at, ask(5), []);
      expect([third?.granted, sum(third?.day)]).toEqual([0, 96]);
      expect((await a.borrow(at, ask(4), []))[0]?.granted).toBe(4);
    });

    test("of what is asked for at the same moment by both no more is given than the limit", async () => {
      const all = await Promise.all(
        Array.from({ length: 40 }, (_, n) => tested.nodes[n % 2 ? 1 : 0].borrow(at, ask(7), [])),
      );
      expect(sum(all.at(-1)?.[0]?.day)).toBeLessThanOrEqual(100);
      expect(all.reduce((total, [one]) => total + (one?.granted ?? 0), 0)).toBe(98);
    });

    test("what is given back is free again, and a day later all is", async () => {
      const [a, b] = tested.nodes;
      await a.borrow(at, ask(100), []);
      expect((await b.borrow(at, ask(1), []))[0]?.granted).toBe(0);
      const back = [{ key: "k", quarter: quarterOf(at), recipients: 40 }];
      expect((await b.borrow(at, ask(40), back))[0]?.granted).toBe(40);
      const later = at + 24 * 3_600_000 + quarterMs;
      expect((await b.borrow(later, ask(1), []))[0]?.granted).toBeGreaterThan(0);
    });

    test("more than the limit is given where it may be and nothing is counted", async () => {
      const [a] = tested.nodes;
      expect((await a.borrow(at, ask(101), []))[0]?.granted).toBe(0);
      expect((await a.borrow(at, ask(101, 100, true), []))[0]?.granted).toBe(101);
      expect((await a.borrow(at, ask(101, 100, true), []))[0]?.granted).toBe(0);
    });

    test.each([30, 600, 6_000])(
      "the pace of %i a minute is that of all: never more in any minute, and hardly less",
      async (perMinute) => {
        const pace = paceOf(perMinute);
        const sent: number[] = [];
        const start = at;
        let [slots, due, ready] = [
          [0, 0],
          [0, 0],
          [0, 0],
        ];
        for (; at < start + 90_000; at += 50)
          for (const n of [0, 1] as const) {
            if (slots[n] === 0 && ready[n]! <= at) {
              const [given] = await tested.nodes[n].take([{ key: "p", pace, wanted: 500 }]);
              slots[n] = given?.slots ?? 0;
              due[n] = at + (given?.dueInMs ?? 0);
              if (slots[n] === 0) ready[n] = paceAllowsAt(due[n], pace) - 900;
            }
            while (slots[n]! > 0 && paceAllowsAt(due[n]!, pace) <= at) {
              slots[n]!--;
              due[n]! += pace.intervalMs;
              sent.push(at);
            }
          }
        const inMinute = (from: number) => sent.filter((one) => one >= from && one < from + 60_000).length;
        const most = Math.max(...[0, 7, 15, 22, 29].map((s) => inMinute(start + s * 1_000)));
        expect(most).toBeLessThanOrEqual(perMinute);
        expect(inMinute(start + 29_000)).toBeGreaterThanOrEqual(perMinute * 0.9);
      },
    );
  });
}
