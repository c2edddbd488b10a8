import { describe, expect, test } from "vitest";
import { dropConnector } from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { Carrier } from "./delivery.ts";
import { DeliveryQueue, heldBytes } from "./delivery-queue.ts";
import { defaultLimits } from "./limits.ts";
import type { Share } from "./shared-room.ts";

const { transport } = schedulerSettings();
const limits = { ...defaultLimits, windowClaims: 6, windowBytes: 1_000, refillClaims: 4, lowWater: 2 };
const kib = 1024;
const sized = (sizeBytes: number) => testClaim({ facts: { sizeBytes } });
const refused = { status: "4.4.1", text: "connection refused", fromPeer: false };

function open(concurrency = 4, suspended = false): DeliveryQueue {
  const carrier = { concurrency } as Carrier;
  return new DeliveryQueue("Out;/d", dropConnector("Out", "x.test"), carrier, limits, suspended);
}
function filled(count: number, sizeBytes = 1): DeliveryQueue {
  const queue = open();
  for (let n = 0; n < count; n++) queue.push(sized(sizeBytes));
  return queue;
}
const fail = (queue: DeliveryQueue, now: number) => queue.failed("mx", refused, now, transport, 0.5);

describe("what waits", () => {
  test("is taken in order, also what was put back, and weighed", () => {
    const queue = open();
    const [a, b, c] = [sized(10), sized(20), sized(30)];
    for (const claim of [a, b]) queue.push(claim);
    expect(queue.begin()).toBe(a);
    queue.putBack(a);
    queue.putBack(c);
    expect([queue.waiting, queue.waitingBytes]).toEqual([3, 60]);
    expect([queue.begin(), queue.begin(), queue.begin(), queue.begin()]).toEqual([c, a, b, undefined]);
    expect([queue.waiting, queue.waitingBytes]).toEqual([0, 0]);
  });

  test("of thousands", () => {
    const queue = open();
    const claims = Array.from({ length: 3_000 }, () => sized(1));
    for (const claim of claims) queue.push(claim);
    for (const claim of claims.slice(0, 1_500)) expect(queue.begin()).toBe(claim);
    queue.putBack(claims[1_499]!);
    expect(queue.takeAll()).toEqual(claims.slice(1_499));
  });

  test("is taken back by what it holds", () => {
    const queue = filled(2, 10);
    const wanted = sized(10);
    queue.push(wanted);
    queue.push(sized(10));
    expect(queue.takeBack("another", wanted.message.id)).toBeUndefined();
    expect(queue.takeBack(wanted.queue, -1)).toBeUndefined();
    queue.begin();
    expect(queue.takeBack(wanted.queue, wanted.message.id)).toBe(wanted);
    expect([queue.waiting, queue.waitingBytes]).toEqual([2, 20]);
    expect(queue.takeBack(wanted.queue, wanted.message.id)).toBeUndefined();
  });

  test("gives its share of the room back, however it leaves", () => {
    let [claims, bytes] = [0, 0];
    const share = {
      take: (size: number) => void ((claims += 1), (bytes += size)),
      giveBack: (size: number) => void ((claims -= 1), (bytes -= size)),
    } as unknown as Share;
    const carrier = { concurrency: 4 } as Carrier;
    const connector = dropConnector("Out", "x.test");
    const queue = new DeliveryQueue("Out;/d", connector, carrier, limits, false, { domain: "x.test", share });
    const [sent, back, those] = [sized(1), sized(2), sized(4)];
    for (const claim of [sent, back, those]) queue.push(claim);
    const whole = [sent, back, those].reduce((sum, claim) => sum + heldBytes(claim), 0);
    expect([claims, bytes]).toEqual([3, whole]);
    expect(queue.takeBack(back.queue, back.message.id)).toBe(back);
    expect([claims, bytes]).toEqual([2, whole - heldBytes(back)]);
    expect(queue.takeThose((claim) => claim === those)).toEqual([those]);
    expect([claims, bytes]).toEqual([1, heldBytes(sent)]);
  });

  test("loses claims that have ended", () => {
    const queue = open();
    const [a, b, c] = [sized(1), sized(2), sized(4)];
    for (const claim of [a, b, c]) queue.push(claim);
    queue.drop(new WeakSet([b]));
    expect([queue.waitingBytes, queue.takeAll()]).toEqual([5, [a, c]]);
  });

  test.each([
    [64 * kib, 64 * kib],
    [64 * kib + 1, 0],
  ])("a content of %d octets holds %d in memory", (sizeBytes, held) => {
    expect(heldBytes(sized(sizeBytes))).toBe(held);
  });
});

test.each([
  ["empty", filled(0), true, true, 4],
  ["below the low-water mark", filled(1), true, true, 4],
  ["at it", filled(2), true, false, 4],
  ["above it", filled(3), true, false, 0],
  ["full", filled(6), false, false, 0],
  ["one too large", filled(1, 2_000), false, false, 0],
  ["as many octets as may be", filled(1, 1_000), false, false, 4],
])("%s: room %s, shared %s, appetite %d", (_, queue, room, shared, appetite) => {
  expect([queue.hasRoom(false), queue.hasRoom(true), queue.appetite]).toEqual([room, shared, appetite]);
});

describe("its state", () => {
  test("is told in Exchange's words", () => {
    const queue = filled(1);
    const told: string[] = [queue.status];
    queue.running = 1;
    told.push(queue.status);
    queue.running = 0;
    fail(queue, 0);
    told.push(queue.status);
    queue.reopen();
    told.push(queue.status);
    queue.running = 1;
    told.push(queue.status);
    queue.suspended = true;
    told.push(queue.status);
    expect(told).toEqual(["Ready", "Active", "Retry", "Ready", "Connecting", "Suspended"]);
  });

  test.each<[string, (queue: DeliveryQueue) => unknown, boolean, boolean]>([
    ["as usual", () => undefined, true, true],
    ["with nothing that waits", (queue) => queue.begin(), true, false],
    ["as busy as may be", (queue) => (queue.running = 4), true, false],
    ["nearly so", (queue) => (queue.running = 3), true, true],
    ["suspended", (queue) => (queue.suspended = true), false, false],
    ["in retry", (queue) => fail(queue, 0), false, false],
  ])("%s", (_, change, healthy, ready) => {
    const queue = filled(1);
    change(queue);
    expect([queue.healthy, queue.ready, queue.appetite > 0]).toEqual([healthy, ready, healthy]);
  });
});

describe("failures", () => {
  test("put it to rest, longer each time, and are forgotten with the first success", () => {
    const queue = filled(4);
    const rests: number[] = [];
    let now = 1_000;
    for (let n = 0; n < 5; n++) {
      expect(fail(queue, now)).toBe("retry");
      rests.push((queue.retryAt! - now) / 60_000);
      expect(queue).toMatchObject({ failures: n + 1, firstFailureAt: 1_000, lastRetryAt: now });
      expect(fail(queue, now + 1)).toBe("resting");
      now = queue.retryAt!;
      queue.reopen();
    }
    expect(rests).toEqual([1, 1, 5, 5, 10]);
    expect(queue).toMatchObject({
      lastError: refused,
      lastHost: "mx",
      retryAt: undefined,
      lastRetryAt: now - 600_000,
    });
    expect(queue.backlog.due).toBe(true);
    expect(queue.succeeded(now)).toBe(true);
    expect(queue).toMatchObject({ failures: 0, firstFailureAt: undefined, lastError: undefined });
    expect(queue.succeeded(now)).toBe(false);
  });

  test("are tried again by two, and each success lets one more begin", () => {
    const queue = filled(8);
    fail(queue, 0);
    queue.reopen();
    const most = (): number => {
      queue.running = 0;
      while (queue.ready) queue.running++;
      const found = queue.running;
      queue.running = 0;
      return found;
    };
    const allowed = [most()];
    for (let n = 0; n < 4; n++) {
      queue.succeeded(1);
      allowed.push(most());
    }
    expect(allowed).toEqual([2, 3, 4, 4, 4]);
  });

  test("while others go on make it narrower for a minute", () => {
    const queue = filled(8);
    queue.running = 2;
    expect(fail(queue, 1_000)).toBe("narrowed");
    expect(queue).toMatchObject({ failures: 0, retryAt: undefined, healthy: true });
    expect(queue.ready).toBe(false);
    queue.succeeded(60_999);
    expect(queue.ready).toBe(false);
    queue.succeeded(61_000);
    expect(queue.ready).toBe(true);
    queue.running = 3;
    expect(queue.ready).toBe(false);
    queue.succeeded(61_000);
    expect(queue.ready).toBe(true);
  });

  /** Attempts begin as far as they may, and the queue is looked at when it says. */
  const attemptsAt = (queue: DeliveryQueue, times: readonly number[]): number[] =>
    times.map((now) => {
      while (queue.ready) queue.begin();
      if (queue.isHeldUp) queue.widenIfSilent(now);
      while (queue.ready) queue.begin();
      return queue.running;
    });

  test.each<[string, (queue: DeliveryQueue) => void, readonly [number, number][]]>([
    [
      "tries that are silent let one more begin after 20 s, until there are as many as may be",
      (queue) => (fail(queue, 0), queue.reopen()),
      [
        [0, 2],
        [19_999, 2],
        [20_000, 3],
        [20_001, 3],
        [39_999, 3],
        [40_000, 4],
        [80_000, 4],
      ],
    ],
    [
      "one that was made narrower keeps so for its minute",
      (queue) => ((queue.running = 2), fail(queue, 0)),
      [
        [0, 2],
        [30_000, 2],
        [59_999, 2],
        [60_000, 3],
        [79_999, 3],
        [80_000, 4],
      ],
    ],
    [
      "one as busy as may be is not held up",
      () => undefined,
      [
        [0, 4],
        [20_000, 4],
        [600_000, 4],
      ],
    ],
  ])("%s", (_, change, expected) => {
    const queue = filled(8);
    change(queue);
    expect(
      attemptsAt(
        queue,
        expected.map(([now]) => now),
      ),
    ).toEqual(expected.map(([, running]) => running));
  });

  test("who is tried again after a rest is narrow no longer", () => {
    const queue = filled(8);
    queue.running = 2;
    fail(queue, 0);
    queue.running = 0;
    fail(queue, 0);
    queue.reopen();
    expect(attemptsAt(queue, [1_000, 21_000])).toEqual([2, 3]);
  });

  test("one that ended begins the wait anew", () => {
    const queue = filled(8);
    fail(queue, 0);
    queue.reopen();
    expect(attemptsAt(queue, [0, 15_000])).toEqual([2, 2]);
    queue.ended(sized(1));
    expect(attemptsAt(queue, [15_000, 34_999, 35_000])).toEqual([2, 2, 3]);
  });

  test.each<[string, (queue: DeliveryQueue) => unknown, boolean]>([
    ["mail waits in memory", () => undefined, true],
    ["mail waits on disk", (queue) => (queue.takeAll(), queue.backlog.arrived()), true],
    ["none waits", (queue) => queue.takeAll(), false],
    ["one more may begin as it is", (queue) => (queue.running = 1), false],
    ["it rests", (queue) => (queue.retryAt = 1), false],
    ["it is suspended", (queue) => (queue.suspended = true), false],
  ])("held up: %s", (_, change, heldUp) => {
    const queue = filled(3);
    fail(queue, 0);
    queue.reopen();
    queue.backlog.beginClaim(0);
    queue.backlog.claimed(0, 1);
    queue.running = 2;
    change(queue);
    expect(queue.isHeldUp).toBe(heldUp);
  });

  test("leave an appetite for as many as may begin", () => {
    const queue = open();
    fail(queue, 0);
    queue.reopen();
    expect(queue.appetite).toBe(2);
    queue.running = 1;
    expect(queue.appetite).toBe(1);
    queue.push(sized(1));
    expect(queue.appetite).toBe(0);
    queue.push(sized(1));
    expect(queue.appetite).toBe(0);
  });
});

describe("memory", () => {
  test.each<[string, number, number, boolean, boolean, number]>([
    ["an empty window takes any one claim", 0, 0, true, true, 4],
    ["one below the low-water mark takes more", 1, 1, true, true, 4],
    ["at it others on disk come first", 2, 1, true, false, 4],
    ["above it nothing is read", 3, 1, true, false, 0],
    ["a full one takes none", 6, 1, false, false, 0],
    ["full is one with too many octets", 2, 500, false, false, 4],
    ["and with more nothing is read", 2, 501, false, false, 0],
  ])("%s", (_, count, sizeBytes, alone, shared, appetite) => {
    const queue = filled(count, sizeBytes);
    expect([queue.hasRoom(false), queue.hasRoom(true), queue.appetite]).toEqual([alone, shared, appetite]);
  });

  test.each([
    [64 * kib, 64 * kib],
    [64 * kib + 1, 0],
  ])("a content of %d octets weighs %d: larger ones are streamed", (sizeBytes, held) => {
    expect(heldBytes(sized(sizeBytes))).toBe(held);
  });

  test("claims that fit are taken out, the others stay in order", () => {
    const queue = open();
    const claims = [sized(1), sized(2), sized(1), sized(3)];
    for (const claim of claims) queue.push(claim);
    queue.begin();
    expect(queue.takeThose(({ message }) => message.content.sizeBytes === 1)).toEqual([claims[2]]);
    expect(queue.takeThose(() => false)).toEqual([]);
    expect([queue.waitingBytes, queue.takeAll()]).toEqual([5, [claims[1], claims[3]]]);
  });
});

describe("whether it may be dropped", () => {
  const hour = 3_600_000;
  const relief = { connector: "Two", since: 0, lastAt: 0, messages: 1, ofQueue: true };
  test.each<[string, (queue: DeliveryQueue) => unknown, number, boolean]>([
    ["with nothing in it", () => undefined, 0, true],
    ["with an attempt under way", (queue) => (queue.running = 1), 0, false],
    ["with mail in memory", (queue) => queue.push(sized(1)), 0, false],
    ["while mail is read from disk", (queue) => queue.backlog.beginClaim(0), 0, false],
    ["in Retry", (queue) => fail(queue, 0), 0, false],
    ["suspended", (queue) => (queue.suspended = true), 0, false],
    ["while it is told that its mail went another way", (queue) => (queue.relief = relief), hour, false],
    ["an hour behind that", (queue) => (queue.relief = relief), hour + 1, true],
  ])("%s at %#", (_, change, now, expected) => {
    const queue = open();
    change(queue);
    expect(queue.isIdle(now)).toBe(expected);
  });

  test.each<[string, (queue: DeliveryQueue) => unknown, boolean]>([
    ["as it was opened", () => undefined, true],
    ["with failures, though they are over", (queue) => void (fail(queue, 0), queue.succeeded(1)), false],
    ["with mail that went another way", (queue) => (queue.relief = relief), false],
    ["with somebody put off", (queue) => (queue.putOff = "450 busy"), false],
    ["with mail on disk", (queue) => queue.backlog.arrived(), false],
  ])("it is as any other %s: %#", (_, change, expected) => {
    const queue = open();
    change(queue);
    expect([queue.isAsAnyOther, queue.isOfDomain]).toEqual([expected, false]);
  });

  test("it tries its next hop with as many as it may, and no more", () => {
    const queue = filled(1);
    expect(queue.hasProbes).toBe(false);
    fail(queue, 0);
    expect(queue.hasProbes).toBe(false);
    queue.reopen();
    expect(queue.hasProbes).toBe(false);
    queue.running = 1;
    expect(queue.hasProbes).toBe(true);
    queue.succeeded(1);
    expect(queue.hasProbes).toBe(false);
  });

  test("a next hop that says when it takes mail again is believed", () => {
    const queue = open();
    queue.failed("mx", refused, 1_000, transport, 0.5, 7_000);
    expect(queue.retryAt).toBe(8_000);
  });
});
