/** Mail on its way to a queue, from memory and from disk: what is taken, what waits, and how often is asked. */
import { describe, expect, test } from "vitest";
import { SpoolError, submissionQueue, type Claim, type QueueName } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { dropConnector } from "../../testing/scripted-delivery.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { queueNameOf } from "../../core/policy/next-hops.ts";
import { createRouting } from "../routing/routing.ts";
import { UnroutedBacklog } from "./backlog.ts";
import type { Carrier } from "./delivery.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { createDeliveryQueues } from "./delivery-queues.ts";
import type { DeliveryState } from "./delivery-state.ts";
import { defaultLimits } from "./limits.ts";
import { createSubmission } from "./submission.ts";

const connector = dropConnector("Out", "b.test");
const limits = { ...defaultLimits, windowClaims: 4, lowWater: 2, refillClaims: 3 };
const isThere = { to: ["user@b.test"] };
const claimOf = ({ to = isThere.to }: { to?: readonly string[] } = {}): Claim =>
  testClaim({ recipients: to });

function setup() {
  const clock = createFakeClock();
  const suspended = new Set<QueueName>();
  const queues = createDeliveryQueues({
    limits,
    clock,
    suspended,
    carrierFor: () => ({ concurrency: 4 }) as Carrier,
  });
  const queue: DeliveryQueue = queues.open(queueNameOf(connector), connector, 1);
  const told: string[] = [];
  const done: string[] = [];
  const claims: {
    readonly limit: number;
    readonly horizon: number;
    readonly answer: (found: Claim[]) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const state = {
    spool: {
      claim: (_: QueueName, limit: number, horizon: number) =>
        new Promise<Claim[]>((answer, fail) => claims.push({ limit, horizon, answer, fail })),
      release: () => void done.push("released"),
      nextDueAt: () => undefined,
    },
    events: { emit: (name: string) => void told.push(name) },
    clock,
    random: () => 0.5,
    limits,
    settings: schedulerSettings(connector),
    routing: createRouting([connector]),
    queues,
    unrouted: new UnroutedBacklog(),
    suspended,
    phase: "running",
  } as unknown as DeliveryState;
  const submission = createSubmission(state, {
    settlement: { conclude: () => void done.push("divided") } as never,
    parking: {
      park: (_: Claim, name: QueueName) => void done.push(`parked in ${name}`),
      isWorkedOn: () => true,
      isDecisionDue: () => true,
    } as never,
    fallbacks: { takeOver: () => undefined },
    wakeUp: { at: () => undefined } as never,
    pump: () => void done.push("pumped"),
    onDeferred: () => void done.push("deferred"),
  });
  const fill = (count: number): void => {
    for (let n = 0; n < count; n++) queue.push(claimOf());
  };
  return { submission, state, queue, claims, told, done, fill, clock, suspended };
}
type Setup = ReturnType<typeof setup>;

const stop = ({ state }: Setup): void => void (state.phase = "stopping");
const suspendSubmission = ({ suspended }: Setup): void => void suspended.add(submissionQueue);
const rest = ({ queue }: Setup): void => void (queue.retryAt = Infinity);
const full = ({ fill }: Setup): void => fill(4);
const nothing = (): void => undefined;
const atLowWater = ({ fill }: Setup): void => fill(2);
const all =
  (...steps: readonly ((given: Setup) => void)[]) =>
  (given: Setup): void => {
    for (const step of steps) step(given);
  };

describe("from memory", () => {
  test.each<[string, readonly string[], (given: Setup) => void, boolean]>([
    ["as usual", isThere.to, nothing, true],
    ["up to the window", isThere.to, atLowWater, true],
    ["full", isThere.to, full, false],
    [
      "while others wait on disk for the queue",
      isThere.to,
      all(atLowWater, ({ queue }) => queue.backlog.arrived()),
      false,
    ],
    [
      "while others wait on disk to be routed",
      isThere.to,
      all(atLowWater, ({ state }) => state.unrouted.arrived()),
      false,
    ],
    ["with a queue that rests: it leaves memory at once", isThere.to, all(full, rest), true],
    ["for no queue", ["user@else.test"], full, true],
    ["for several places", ["user@b.test", "user@else.test"], full, true],
    ["while it stops", isThere.to, stop, false],
    ["while Submission is suspended", isThere.to, suspendSubmission, false],
  ])("room %s", (_, to, change, room) => {
    const given = setup();
    change(given);
    expect(given.submission.fresh.hasRoom(claimOf({ to }).message)).toBe(room);
  });

  test.each<[string, readonly string[], (given: Setup) => void, string[], boolean]>([
    ["as usual", isThere.to, nothing, ["pumped"], false],
    ["with a queue that rests", isThere.to, rest, ["deferred", "parked in Out;/d"], false],
    [
      "with a queue that is suspended",
      isThere.to,
      ({ queue }) => void (queue.suspended = true),
      ["parked in Out;/d"],
      false,
    ],
    ["for no queue", ["user@else.test"], nothing, ["divided"], false],
    ["while it stops", isThere.to, stop, ["released"], true],
    ["while Submission is suspended", isThere.to, suspendSubmission, ["released"], true],
  ])("taken %s", async (_, to, change, done, due) => {
    const given = setup();
    change(given);
    given.submission.fresh.take(claimOf({ to }));
    await given.clock.settle();
    expect([given.done, given.state.unrouted.due]).toEqual([done, due]);
  });

  test("many of one turn are pumped once, behind it, and count as incoming", async () => {
    const given = setup();
    for (let n = 0; n < 3; n++) given.submission.fresh.take(claimOf());
    expect([given.done, given.queue.waiting]).toEqual([[], 3]);
    expect(given.queue.incoming.perSecond(given.clock.now())).toBeGreaterThan(0);
    await given.clock.settle();
    expect(given.done).toEqual(["pumped"]);
    given.submission.fresh.take(claimOf());
    await given.clock.settle();
    expect(given.done).toEqual(["pumped", "pumped"]);
  });

  test.each<[string, readonly string[], (given: Setup) => void, boolean, string[]]>([
    ["for a queue", isThere.to, nothing, false, ["pumped"]],
    ["for a queue that rests", isThere.to, rest, true, []],
    ["for no queue", ["user@else.test"], nothing, true, []],
    ["while Submission is suspended", isThere.to, suspendSubmission, true, []],
  ])("what found no room, %s, is known to wait", async (_, to, change, forAny, done) => {
    const given = setup();
    change(given);
    given.submission.fresh.waits(claimOf({ to }).message);
    await given.clock.settle();
    const { unrouted } = given.state;
    expect([unrouted.due, unrouted.mayBeFor("another"), unrouted.mayBeFor("Out;/d")]).toEqual([
      true,
      forAny,
      true,
    ]);
    expect(given.done).toEqual(done);
  });
});

describe("from disk", () => {
  const due = ({ state }: Setup): void => state.unrouted.arrived();
  test.each<[string, (given: Setup) => void, number]>([
    ["when some is due", due, 1],
    ["not when none is", nothing, 0],
    ["not before the start", all(due, ({ state }) => void (state.phase = "new")), 0],
    ["not while it stops", all(due, stop), 0],
    ["not while Submission is suspended", all(due, suspendSubmission), 0],
    ["not while its queue is full", all(due, full), 0],
    ["up to the low-water mark", all(due, ({ fill }) => fill(1)), 1],
    ["not above it", all(due, atLowWater), 0],
    ["when no queue can be worked on", all(due, full, rest), 1],
    ["when it may be for a queue with room", ({ state }) => state.unrouted.arrivedFor("Out;/d"), 1],
    ["not when it is for another queue", ({ state }) => state.unrouted.arrivedFor("Else;/d"), 0],
  ])("%s", (_, change, times) => {
    const given = setup();
    change(given);
    given.submission.route();
    expect(given.claims).toHaveLength(times);
  });

  test("one claim at a time, on and on until there is none", async () => {
    const given = setup();
    due(given);
    given.submission.route();
    due(given);
    given.submission.route();
    expect(given.claims).toMatchObject([{ limit: 3, horizon: given.clock.now() }]);
    given.claims[0]?.answer([claimOf(), claimOf({ to: ["user@else.test"] })]);
    await given.clock.settle();
    expect(given.done).toEqual(["pumped", "divided"]);
    expect(given.claims).toHaveLength(2);
    given.claims[1]?.answer([]);
    await given.clock.settle();
    expect(given.claims).toHaveLength(2);
    due(given);
    given.submission.route();
    expect(given.claims).toHaveLength(3);
  });

  test.each<[string, (given: Setup) => void, string[]]>([
    ["a queue that rests", rest, ["deferred", "parked in Out;/d"]],
    ["a full queue", full, ["parked in Out;/d"]],
    ["a stop", stop, ["released"]],
  ])("what was claimed meets %s", async (_, change, done) => {
    const given = setup();
    due(given);
    given.submission.route();
    change(given);
    given.claims[0]?.answer([claimOf()]);
    await given.clock.settle();
    expect(given.done).toEqual(done);
  });

  test.each<[Error, string[]]>([
    [new Error("EIO"), ["SpoolFault"]],
    [new SpoolError("closed", "it is closed"), []],
  ])("%s is told, and it may be asked again", async (error, told) => {
    const given = setup();
    due(given);
    given.submission.route();
    given.claims[0]?.fail(error);
    await given.clock.settle();
    expect([given.told, given.claims.length]).toEqual([told, 1]);
    due(given);
    given.submission.route();
    expect(given.claims).toHaveLength(2);
  });
});
