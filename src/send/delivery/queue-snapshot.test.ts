import { describe, expect, test } from "vitest";
import { submissionQueue, unreachableQueue, type QueueName } from "../../spool/spool.ts";
import { dropConnector } from "../../testing/scripted-delivery.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { Carrier } from "./delivery.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { defaultLimits } from "./limits.ts";
import { queueTitle, snapshotOf } from "./queue-snapshot.ts";

const name = "Out;x.test";
const nowMs = 1_000_000;

function open(change: Partial<DeliveryQueue> = {}, holding?: string): DeliveryQueue {
  const carrier = { concurrency: 4, holding: () => holding } as unknown as Carrier;
  const queue = new DeliveryQueue(name, dropConnector("Out", "x.test"), carrier, defaultLimits);
  return Object.assign(queue, change);
}

function shown(
  queues: readonly DeliveryQueue[],
  messages: Readonly<Record<QueueName, number>> = {},
  suspended: readonly QueueName[] = [],
  isHeld = false,
) {
  return snapshotOf(queues, (queue) => messages[queue] ?? 0, new Set(suspended), isHeld, nowMs);
}

test.each([
  [submissionQueue, "Submission"],
  [unreachableQueue, "Unreachable"],
  [name, name],
])("%j is called %s", (queue, title) => {
  expect(queueTitle(queue)).toBe(title);
});

const resting = {
  connector: undefined,
  messages: 0,
  running: 0,
  waiting: 0,
  retryCount: 0,
  lastError: undefined,
  putOff: undefined,
  waitsForTurn: undefined,
  holds: [],
  firstRetryAt: undefined,
  lastRetryAt: undefined,
  nextRetryAt: undefined,
  incomingRate: 0,
  outgoingRate: 0,
  velocity: 0,
};

describe("queues that are no connector's", () => {
  const submission = {
    ...resting,
    queue: submissionQueue,
    identity: "Submission",
    deliveryType: "Undefined",
    nextHop: "Submission",
    status: "Ready",
  };
  const unreachable = {
    ...resting,
    queue: unreachableQueue,
    identity: "Unreachable",
    deliveryType: "Unreachable",
    nextHop: "Unreachable Domain",
    status: "Ready",
    lastError: expect.stringMatching(/./) as string,
  };
  test.each<[string, Record<QueueName, number>, QueueName[], object[]]>([
    ["Submission is always there", {}, [], [submission]],
    ["with what it holds", { [submissionQueue]: 3 }, [], [{ ...submission, messages: 3 }]],
    ["suspended", {}, [submissionQueue], [{ ...submission, status: "Suspended" }]],
    [
      "Unreachable while it holds some",
      { [unreachableQueue]: 1 },
      [],
      [submission, { ...unreachable, messages: 1 }],
    ],
    ["or is suspended", {}, [unreachableQueue], [submission, { ...unreachable, status: "Suspended" }]],
    [
      "one that has no connector any more and is suspended",
      { "Old;old.test": 2, "Gone;gone.test": 1 },
      ["Old;old.test"],
      [
        submission,
        {
          ...resting,
          queue: "Old;old.test",
          identity: "Old;old.test",
          deliveryType: "Undefined",
          nextHop: "old.test",
          messages: 2,
          status: "Suspended",
          lastError: expect.stringContaining("Resume-Queue") as string,
        },
      ],
    ],
  ])("%s", (_, messages, suspended, expected) => {
    expect(shown([], messages, suspended)).toEqual(expected);
  });
});

describe("a delivery queue", () => {
  const one = (queue: DeliveryQueue, messages = 0, isHeld = false) =>
    shown([queue], { [name]: messages, [unreachableQueue]: 1 }, [], isHeld)[1];

  test("stands between Submission and Unreachable, and once when it is suspended", () => {
    const snapshot = shown([open({ suspended: true })], { [unreachableQueue]: 1 }, [name]);
    expect(snapshot.map(({ identity }) => identity)).toEqual(["Submission", name, "Unreachable"]);
  });

  test("is shown with its connector, its state and its instants", () => {
    const lastError = { status: "4.4.1", text: "connection refused", fromPeer: false };
    const queue = open({
      failures: 3,
      lastError,
      firstFailureAt: 1,
      lastRetryAt: 2,
      retryAt: 3,
      putOff: "450 later",
    });
    expect(one(queue, 5)).toEqual({
      ...resting,
      queue: name,
      identity: name,
      deliveryType: "NonSmtpGatewayDelivery",
      nextHop: "/d",
      connector: "Out",
      status: "Retry",
      messages: 5,
      retryCount: 3,
      lastError: "connection refused",
      putOff: "450 later",
      firstRetryAt: 1,
      lastRetryAt: 2,
      nextRetryAt: 3,
    });
  });

  test("counts fresh mail, which stands on disk in another queue", () => {
    const queue = open({ running: 2 });
    queue.push(testClaim());
    expect(one(queue, 2)).toMatchObject({ messages: 3, running: 2, waiting: 1, status: "Active" });
    expect(one(queue, 4)).toMatchObject({ messages: 4 });
  });

  test("shows what waits for its turn as waiting: nothing is handed over yet", () => {
    const queue = open({ running: 3 });
    const of = (turns: number) => Object.assign(queue, { carrier: { turnsWaiting: () => turns } });
    expect(one(of(3), 5)).toMatchObject({ messages: 5, running: 0, waiting: 3, status: "Ready" });
    expect(one(of(2), 5)).toMatchObject({ messages: 5, running: 1, waiting: 2, status: "Active" });
  });

  test("tells its rates, and whether it grows", () => {
    const queue = open();
    for (let n = 0; n < 60; n++) queue.incoming.add(nowMs);
    for (let n = 0; n < 180; n++) queue.outgoing.add(nowMs);
    const { incomingRate, outgoingRate, velocity } = one(queue)!;
    expect(incomingRate).toBeGreaterThan(0);
    expect(outgoingRate).toBeCloseTo(3 * incomingRate);
    expect(velocity).toBeCloseTo(2 * incomingRate);
  });

  test.each<[string, number, string | undefined, string | undefined]>([
    ["what is held back by a provider's answers", 1, "held until ten", "held until ten"],
    ["what a recipient was put off with", 1, undefined, "450 later"],
    ["nothing of an empty one", 0, "held until ten", undefined],
  ])("tells %s", (_, messages, holding, putOff) => {
    expect(one(open({ putOff: "450 later" }, holding), messages)?.putOff).toBe(putOff);
  });

  test("says why no attempt is begun while the disk takes no writes", () => {
    expect(one(open(), 1, true)?.lastError).toMatch(/disk takes no writes/);
  });
});
