/** Queues of recipient domains: there when there is mail for them, each with a state of its own, gone when they are empty. */
import { afterEach, describe, expect, test } from "vitest";
import {
  answered,
  busy,
  dnsConnector,
  dropConnector,
  ok,
  openScriptedDelivery,
  refused,
  type ScriptedDelivery,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { spoolKinds, type SpoolKind } from "../../testing/tested-spool.ts";
import { submissionQueue } from "../../spool/spool.ts";
import type { AttemptResult } from "./delivery.ts";
import type { SchedulerLimits } from "./limits.ts";

const minute = 60_000;
const second = 1000;

describe.each(spoolKinds)("on the %s spool", (kind) => {
  let delivery: ScriptedDelivery;
  afterEach(() => delivery.close());

  const open = async (
    given: { readonly limits?: Partial<SchedulerLimits>; readonly kind?: SpoolKind } = {},
  ): Promise<void> => {
    delivery = await openScriptedDelivery(given.kind ?? kind, schedulerSettings(dnsConnector("Net")), {
      limits: given.limits ?? {},
    });
  };
  const advance = (ms: number): Promise<void> => delivery.tested.clock.advance(ms);
  const names = (): string[] =>
    delivery.scheduler
      .snapshot()
      .map(({ identity }) => identity)
      .filter((identity) => identity !== "Submission");
  const domains = (): string[] => delivery.carried.map(({ domain }) => domain);
  const failing = new Set<string>();
  const byDomain = (claim: Parameters<ScriptedDelivery["carry"]>[0], domain: string): AttemptResult =>
    failing.has(domain) ? refused : answered(claim, ok);
  const scripted = (...bad: readonly string[]): void => {
    failing.clear();
    for (const domain of bad) failing.add(domain);
    delivery.carry = (claim, _connector, _signal, domain) => byDomain(claim, domain);
  };

  test("there is none without mail, one while there is, and none behind it", async () => {
    await open();
    expect(names()).toEqual([]);
    let end = (): void => {};
    delivery.carry = (claim) =>
      new Promise((resolve) => {
        end = () => resolve(answered(claim, ok));
      });
    await delivery.submit(["a@Contoso.test"]);
    await delivery.tested.clock.settle();
    expect(delivery.queue("Net;contoso.test")).toMatchObject({
      deliveryType: "DnsConnectorDelivery",
      nextHop: "contoso.test",
      connector: "Net",
      status: "Active",
      messages: 1,
    });
    end();
    await delivery.tested.clock.settle();
    expect(names()).toEqual([]);
  });

  test("a message for several domains stands in the queue of each", async () => {
    await open();
    scripted("b.test");
    await delivery.submit(["1@a.test", "2@b.test", "3@c.test", "4@a.test"]);
    await advance(second);
    expect(domains().toSorted()).toEqual(["a.test", "b.test", "c.test"]);
    expect(delivery.carried.find(({ domain }) => domain === "a.test")?.claim.recipients).toHaveLength(2);
    expect(names()).toEqual(["Net;b.test"]);
    expect(delivery.tested.spool.size).toBe(1);
  });

  test("each has its own retries, and keeps its state while it has mail", async () => {
    await open();
    scripted("bad.test");
    await delivery.submit(["x@bad.test"]);
    await delivery.submit(["x@good.test"]);
    await advance(second);
    expect(delivery.queue("Net;bad.test")).toMatchObject({ status: "Retry", retryCount: 1, messages: 1 });
    expect(delivery.queue("Net;good.test")).toBeUndefined();
    for (const [after, attempts] of [
      [minute, 2],
      [minute, 3],
      [5 * minute, 4],
      [5 * minute, 5],
      [10 * minute, 6],
    ] as const) {
      await advance(after);
      expect(domains().filter((domain) => domain === "bad.test")).toHaveLength(attempts);
    }
    // New mail for it waits, too.
    await delivery.submit(["y@bad.test"]);
    await advance(second);
    expect(delivery.queue("Net;bad.test")).toMatchObject({ status: "Retry", messages: 2 });
    scripted();
    await advance(10 * minute);
    expect(names()).toEqual([]);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("one whose mail was removed while it is in Retry goes when its time comes", async () => {
    await open();
    scripted("bad.test");
    const id = await delivery.submit(["x@bad.test"]);
    await advance(second);
    await delivery.scheduler.removeMessage("Net;bad.test", id, false);
    await delivery.tested.clock.settle();
    expect(names()).toEqual(["Net;bad.test"]);
    await advance(2 * minute);
    expect(names()).toEqual([]);
  });

  test("what was put off comes back when it is due, in a queue that is there again", async () => {
    await open();
    let isBusy = true;
    delivery.carry = (claim) => answered(claim, isBusy ? busy : ok);
    await delivery.submit(["x@a.test"]);
    await advance(second);
    isBusy = false;
    await advance(14 * minute);
    expect(delivery.carried).toHaveLength(1);
    await advance(2 * minute);
    expect(delivery.carried).toHaveLength(2);
    expect([names(), delivery.tested.spool.size]).toEqual([[], 0]);
  });

  test("after a restart they are there again for what is on disk, and everything is tried", async () => {
    await open();
    scripted("a.test", "b.test");
    await delivery.submit(["x@a.test", "x@b.test"]);
    await delivery.submit(["y@b.test"]);
    await advance(second);
    await delivery.restart();
    expect(names().toSorted()).toEqual(["Net;a.test", "Net;b.test"]);
    expect(delivery.queue("Net;a.test")).toMatchObject({ retryCount: 1 });
    scripted();
    await advance(2 * minute);
    expect([names(), delivery.tested.spool.size]).toEqual([[], 0]);
  });

  test("a suspended one takes mail, also over a restart and when it was empty", async () => {
    delivery = await openScriptedDelivery(kind, schedulerSettings(dnsConnector("Net")), {
      suspended: ["Net;a.test"],
    });
    expect(delivery.queue("Net;a.test")).toMatchObject({
      status: "Suspended",
      messages: 0,
      connector: "Net",
    });
    await delivery.submit(["x@a.test"]);
    await delivery.submit(["x@b.test"]);
    await advance(2 * minute);
    expect(domains()).toEqual(["b.test"]);
    await delivery.restart();
    await advance(2 * minute);
    expect(delivery.queue("Net;a.test")).toMatchObject({ status: "Suspended", messages: 1 });
    expect(delivery.scheduler.suspend("Net;a.test", false)).toBe(true);
    await advance(second);
    expect([names(), delivery.tested.spool.size]).toEqual([[], 0]);
  });

  test("Retry-Queue tries one, or all", async () => {
    await open();
    scripted("a.test", "b.test");
    await delivery.submit(["x@a.test"]);
    await delivery.submit(["x@b.test"]);
    await advance(second);
    scripted();
    expect(delivery.scheduler.retryNow("Net;a.test")).toBe(1);
    await delivery.tested.clock.settle();
    expect(names()).toEqual(["Net;b.test"]);
    expect(delivery.scheduler.retryNow("Net;none.test")).toBe(0);
    expect(delivery.scheduler.retryNow()).toBe(1);
    await delivery.tested.clock.settle();
    expect(names()).toEqual([]);
  });

  test("a message is moved to the queues of its recipients' domains, from memory, from disk, and from the wire", async () => {
    const net = dnsConnector("Net", { addressSpaces: [] });
    delivery = await openScriptedDelivery(kind, schedulerSettings(dropConnector("Drop", ""), net));
    const drop = delivery.scheduler.snapshot().find(({ connector }) => connector === "Drop")!;
    delivery.scheduler.suspend(drop.queue, true);
    const id = await delivery.submit(["1@a.test", "2@b.test", "3@A.test"]);
    await delivery.tested.clock.settle();
    expect(await delivery.scheduler.redirectMessage(drop.queue, id, net)).toBe("done");
    await advance(second);
    expect(delivery.carried.map(({ domain, claim }) => [domain, claim.recipients.length])).toEqual([
      ["a.test", 2],
      ["b.test", 1],
    ]);
    // It is on the wire, fresh from memory, and put off there.
    let end = (): void => {};
    delivery.carry = (claim) => new Promise((resolve) => (end = () => resolve(answered(claim, busy))));
    delivery.scheduler.suspend(drop.queue, false);
    const other = await delivery.submit(["x@c.test"]);
    await delivery.tested.clock.settle();
    expect(await delivery.scheduler.redirectMessage(submissionQueue, other, net)).toBe("pending");
    const first = end;
    delivery.carry = (claim) => answered(claim, ok);
    first();
    await advance(second);
    expect(delivery.carried.at(-1)).toMatchObject({ connector: "Net", domain: "c.test" });
    expect(delivery.tested.spool.size).toBe(0);
    expect(await delivery.scheduler.redirectMessage(drop.queue, other, net)).toBe("missing");
  });

  test("mail goes another way when its connector is gone, and stays where only a setting changed", async () => {
    await open();
    scripted("a.test", "b.test");
    await delivery.submit(["x@a.test", "x@b.test"]);
    await advance(second);
    await delivery.scheduler.reconfigure(schedulerSettings(dnsConnector("Net", { comment: "new" })));
    await delivery.tested.clock.settle();
    expect(names().toSorted()).toEqual(["Net;a.test", "Net;b.test"]);
    await delivery.scheduler.reconfigure(schedulerSettings(dropConnector("Drop", "")));
    await advance(second);
    expect(delivery.carried.slice(-1).map(({ connector }) => connector)).toEqual(["Drop"]);
    expect([names(), delivery.tested.spool.size]).toEqual([["Drop;/d"], 0]);
  });

  test("a suspended one holds its mail when its connector delivers otherwise, and suspends nothing else", async () => {
    await open();
    scripted();
    delivery.scheduler.suspend("Net;a.test", true);
    await delivery.submit(["x@a.test"]);
    await advance(second);
    const smart = dropConnector("Net", "", { kind: "smartHost", smartHosts: [{ host: "h", port: 25 }] });
    await delivery.scheduler.reconfigure(schedulerSettings(smart));
    await delivery.submit(["y@a.test"]);
    await advance(minute);
    expect(delivery.queue("Net;h:25")).toMatchObject({ status: "Ready" });
    expect(delivery.queue("Net;a.test")).toMatchObject({ status: "Suspended", messages: 1 });
    expect(delivery.carried).toHaveLength(1);
    delivery.scheduler.suspend("Net;a.test", false);
    await advance(minute);
    expect([delivery.carried.length, delivery.tested.spool.size]).toEqual([2, 0]);
  });

  test("one domain that fails among a hundred holds up none of them", async () => {
    await open({ limits: { sharedClaims: 40 } });
    scripted("d7.test");
    for (let n = 0; n < 300; n++) await delivery.submit([`x@d${n % 100}.test`]);
    await advance(10 * second);
    expect(delivery.queue("Net;d7.test")).toMatchObject({ status: "Retry", messages: 3 });
    expect([names(), delivery.tested.spool.size]).toEqual([["Net;d7.test"], 3]);
  });

  test("domains that hang leave room in memory to those that answer", async () => {
    await open({ limits: { sharedClaims: 16 } });
    const hanging: (() => void)[] = [];
    let most = 0;
    delivery.carry = (claim, _c, _s, domain) => {
      most = Math.max(most, delivery.scheduler.running);
      if (!domain.startsWith("hang")) return answered(claim, ok);
      return new Promise((resolve) => hanging.push(() => resolve(refused)));
    };
    for (let n = 0; n < 60; n++) await delivery.submit([`x@hang${n}.test`]);
    await advance(second);
    expect(hanging).toHaveLength(12);
    // A domain that has answered before goes on at once.
    for (let n = 0; n < 10; n++) await delivery.submit(["x@good.test"]);
    await advance(second);
    const before = delivery.carried.filter(({ domain }) => domain === "good.test").length;
    for (let round = 0; round < 20; round++) {
      for (const end of hanging.splice(0)) end();
      await advance(2 * second);
    }
    expect(most).toBeLessThanOrEqual(16);
    expect(delivery.carried.filter(({ domain }) => domain === "good.test")).toHaveLength(10);
    expect(before).toBeLessThanOrEqual(10);
    expect(new Set(domains().filter((domain) => domain.startsWith("hang")))).toHaveLength(60);
  });

  test("a backlog of one domain does not keep others from memory", async () => {
    await open({ limits: { sharedClaims: 64, windowClaims: 64, lowWater: 32, refillClaims: 32 } });
    const order: string[] = [];
    delivery.carry = async (claim, _c, _s, domain) => {
      order.push(domain);
      await new Promise<void>((resolve) => delivery.tested.clock.after(100, resolve));
      return answered(claim, ok);
    };
    delivery.scheduler.suspend("Net;bulk.test", true);
    for (let n = 0; n < 200; n++) await delivery.submit([`x${n}@bulk.test`]);
    delivery.scheduler.suspend("Net;bulk.test", false);
    await delivery.tested.clock.settle();
    for (let n = 0; n < 20; n++) await delivery.submit([`x@d${n}.test`]);
    await advance(second);
    expect(new Set(order.filter((domain) => domain !== "bulk.test"))).toHaveLength(20);
    await advance(minute);
    expect(order).toHaveLength(220);
    expect([names(), delivery.tested.spool.size]).toEqual([[], 0]);
  });
});
