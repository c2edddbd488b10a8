import { afterEach, describe, expect, test } from "vitest";
import type { Claim } from "../../spool/spool.ts";
import {
  answered,
  busy,
  dropConnector,
  ok,
  openScriptedDelivery,
  refused,
  type ScriptedDelivery,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { spoolKinds } from "../../testing/tested-spool.ts";
import type { AttemptResult } from "./delivery.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const usual = schedulerSettings(dropConnector("Out", ""), dropConnector("Sender", "sender.test"));
const queue = "Out;/d";

describe.each(spoolKinds)("what waits from before a start, on the %s spool", (kind) => {
  let delivery: ScriptedDelivery;
  afterEach(() => delivery.close());

  /** `Out` does what is said; reports arrive. */
  const outDoes = (answer: (claim: Claim) => AttemptResult | Promise<AttemptResult>): void => {
    delivery.carry = (claim, connector) => (connector === "Out" ? answer(claim) : answered(claim, ok));
  };
  const tries = (): number => delivery.carried.filter(({ connector }) => connector === "Out").length;
  const begin = async (limits = {}): Promise<void> => {
    delivery = await openScriptedDelivery(kind, usual, { limits });
    outDoes(() => refused);
  };
  const later = (ms: number): number => delivery.tested.clock.now() + ms;
  const status = (): (string | undefined)[] =>
    delivery.reports().map((report) => /^Status: (.*)\r$/m.exec(report)?.[1]);

  test("is tried before it expires, without a word of delay", async () => {
    await begin();
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.advance(minute);
    outDoes((claim) => answered(claim, ok));
    await delivery.restart({ at: later(4 * day) });
    expect(delivery.tested.spool.size).toBe(0);
    expect(delivery.reports()).toEqual([]);
  });

  test.each([
    ["cannot be reached", () => refused],
    ["puts it off", (claim: Claim) => answered(claim, busy)],
  ])("expires after one try when its next hop %s", async (_why, answer) => {
    await begin();
    outDoes(answer);
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.advance(minute - 1);
    const before = tries();
    await delivery.restart({ at: later(4 * day) });
    await delivery.tested.clock.advance(2 * minute);
    expect(tries()).toBe(before + 1);
    expect(status()).toEqual(["4.4.7"]);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("is tried, all of it, when it is more than memory holds", async () => {
    await begin({ windowClaims: 6, lowWater: 3, refillClaims: 4, sweepClaims: 5 });
    for (let n = 0; n < 40; n++) await delivery.submit([`${n}@x.test`]);
    await delivery.tested.clock.advance(minute / 2);
    const open: (() => void)[] = [];
    outDoes((claim) => new Promise((resolve) => open.push(() => resolve(answered(claim, ok)))));
    await delivery.restart({ at: later(4 * day) });
    for (let n = 0; n < 60 && delivery.tested.spool.size > 0; n++) {
      for (const end of open.splice(0)) end();
      // Sweeps come and go meanwhile.
      await delivery.tested.clock.advance(minute);
    }
    expect(delivery.tested.spool.size).toBe(0);
    expect(delivery.reports()).toEqual([]);
  });

  test("is tried where it stands unrouted, also over several queues", async () => {
    await begin();
    await delivery.stop();
    for (let n = 0; n < 5; n++) await delivery.submit([`${n}@x.test`, `${n}@sender.test`]);
    outDoes((claim) => answered(claim, ok));
    await delivery.restart({ at: later(4 * day) });
    await delivery.tested.clock.advance(2 * minute);
    expect(delivery.tested.spool.size).toBe(0);
    expect(delivery.reports()).toEqual([]);
  });

  test("is tried where its connector has changed or was added meanwhile", async () => {
    await begin();
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.settle();
    outDoes((claim) => answered(claim, ok));
    const moved = schedulerSettings(dropConnector("Out", "", { dropDirectory: "/other" }));
    await delivery.restart({ at: later(4 * day), settings: moved });
    await delivery.tested.clock.advance(2 * minute);
    expect(delivery.tested.spool.size).toBe(0);
    expect(delivery.reports()).toEqual([]);
  });

  test("is tried when a connector for it was added meanwhile, and expires when there is none", async () => {
    const without = schedulerSettings(dropConnector("Sender", "sender.test"));
    delivery = await openScriptedDelivery(kind, without);
    await delivery.submit(["a@x.test"]);
    await delivery.submit(["b@y.test"], { reversePath: "other@sender.test" });
    await delivery.tested.clock.settle();
    const settings = schedulerSettings(
      dropConnector("Out", "x.test"),
      dropConnector("Sender", "sender.test"),
    );
    await delivery.restart({ at: later(4 * day), settings });
    await delivery.tested.clock.advance(2 * minute);
    expect(tries()).toBe(1);
    expect(status()).toEqual(["4.4.7"]);
    expect(delivery.reports()[0]).toContain("A matching connector cannot be found");
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("is tried though its next try was to come later", async () => {
    await begin();
    outDoes((claim) => answered(claim, busy));
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.settle();
    outDoes((claim) => answered(claim, ok));
    await delivery.restart({ at: later(minute) });
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("is held on in a suspended queue for the time of a delay, and tried when that goes on", async () => {
    await begin();
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.settle();
    const suspended = new Set([queue]);
    await delivery.close();
    delivery = await openScriptedDelivery(kind, usual, { suspended });
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.settle();
    await delivery.restart({ at: later(4 * day) });
    await delivery.tested.clock.advance(3 * hour);
    expect(delivery.queue(queue)).toMatchObject({ status: "Suspended", messages: 1 });
    expect(delivery.reports()).toEqual([]);
    delivery.scheduler.suspend(queue, false);
    await delivery.tested.clock.advance(2 * minute);
    expect(tries()).toBe(1);
    expect(delivery.tested.spool.size).toBe(0);
    expect(delivery.reports()).toEqual([]);
  });

  test("expires in a suspended queue that nobody lets go on", async () => {
    delivery = await openScriptedDelivery(kind, usual, { suspended: [queue] });
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.settle();
    await delivery.restart({ at: later(4 * day) });
    await delivery.tested.clock.advance(4 * hour + 2 * minute);
    expect(tries()).toBe(0);
    expect(status()).toEqual(["4.4.7"]);
  });

  test("of a clock that was behind is tried; of one that was ahead is tried, and is as old as this run", async () => {
    await begin();
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.settle();
    await delivery.restart({ at: later(-10 * 365 * day) });
    expect(tries()).toBe(2);
    await delivery.tested.clock.advance(5 * hour);
    expect(status()).toEqual(["4.4.1"]);
    await delivery.tested.clock.advance(44 * hour);
    expect(status()).toEqual(["4.4.1", "4.4.7"]);
    expect(delivery.tested.spool.size).toBe(0);
  });
});

describe.each(spoolKinds)("behind a time that is not believed, on the %s spool, what waits", (kind) => {
  let delivery: ScriptedDelivery;
  afterEach(() => delivery.close());
  /** Of minutes, so that few walks over old mail are waited for. */
  const soon = {
    ...usual,
    transport: {
      ...usual.transport,
      delayNotificationTimeout: 15 * minute,
      messageExpirationTimeout: 40 * minute,
    },
  };
  const begin = async (): Promise<void> => {
    delivery = await openScriptedDelivery(kind, soon, { knowsEarlierRuns: true });
    delivery.carry = (claim, connector) => (connector === "Out" ? refused : answered(claim, ok));
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.advance(5 * minute);
  };
  /** Another run, with its clock so far from where the last one ended. */
  const again = (aheadMs: number): Promise<void> =>
    delivery.restart({ at: delivery.tested.clock.now() + aheadMs });
  const status = (): (string | undefined)[] =>
    delivery.reports().map((report) => /^Status: (.*)\r$/m.exec(report)?.[1]);

  test.each([
    ["the clock is 40 days ahead", [40 * day]],
    ["the clock is 40 days ahead, and again so", [40 * day, 1_000]],
    ["the clock is 40 days ahead, and right again", [40 * day, -40 * day]],
    ["the clock is in 2020", [-7 * 365 * day]],
    ["the clock is in 2020, and right again", [-7 * 365 * day, 7 * 365 * day]],
    ["the relay was off for four days", [4 * day]],
  ])("has the time that it had left: %s", async (_, leaps) => {
    await begin();
    for (const leapMs of leaps) {
      await again(leapMs);
      await delivery.tested.clock.advance(2 * minute);
    }
    expect(status()).toEqual([]);
    await delivery.tested.clock.advance(15 * minute);
    expect(status()).toEqual(["4.4.1"]);
    await delivery.tested.clock.advance(10 * minute);
    expect(delivery.tested.spool.size).toBe(1);
    await delivery.tested.clock.advance(15 * minute);
    expect(status()).toEqual(["4.4.1", "4.4.7"]);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("of a run in 2020 is not years old in those that follow", async () => {
    await begin();
    await again(-7 * 365 * day);
    await delivery.submit(["b@x.test"]);
    await delivery.tested.clock.advance(5 * minute);
    await again(7 * 365 * day);
    await again(1_000);
    await delivery.tested.clock.advance(2 * minute);
    expect(delivery.tested.spool.size).toBe(2);
    delivery.carry = (claim) => answered(claim, ok);
    await delivery.tested.clock.advance(15 * minute);
    expect(delivery.tested.spool.size).toBe(0);
    expect(status()).not.toContain("4.4.7");
  });

  test("is older by what is less than a day", async () => {
    await begin();
    await again(23 * hour);
    await delivery.tested.clock.advance(2 * minute);
    expect(status().at(-1)).toBe("4.4.7");
  });
});
