/** Where a claim that is not carried now waits, and when its queue is looked at again. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  submissionQueue,
  suspendedDueAt,
  unreachableQueue,
  type Claim,
  type QueueName,
} from "../../spool/spool.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { dropConnector } from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { UnroutedBacklog } from "./backlog.ts";
import type { Carrier } from "./delivery.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import type { DeliveryState } from "./delivery-state.ts";
import type { Decision } from "./decisions.ts";
import { defaultLimits } from "./limits.ts";
import { createParking, graceEndsAt, type Parking } from "./parking.ts";

const minute = 60_000;
const { transport } = schedulerSettings();
/** Its delay is to be told by then, and it is given up by the other. */
const [delayed, expired] = [240 * minute, 2880 * minute];

let clock: FakeClock;
let did: string[];
let state: DeliveryState;
let out: DeliveryQueue;
let suspended: Set<QueueName>;
let relieves: boolean;
let parking: Parking;

beforeEach(() => {
  clock = createFakeClock(10 * expired);
  [did, suspended, relieves] = [[], new Set(), false];
  const connector = dropConnector("Out", "x.test");
  out = new DeliveryQueue("Out", connector, { concurrency: 4 } as Carrier, defaultLimits);
  const queues = {
    has: (name: string) => name === "Out" || name === "Shut",
    get: (name: string) => (name === "Out" ? out : undefined),
    need: (name: string) => (name === "Out" ? out : undefined),
  };
  state = {
    spool: { release: () => void did.push("release") },
    clock,
    queues,
    unrouted: new UnroutedBacklog(),
    suspended,
    settings: schedulerSettings(connector),
    random: () => 0.5,
    startedAt: clock.now() - minute,
    phase: "running",
  } as unknown as DeliveryState;
  parking = createParking(state, {
    settlement: {
      move: (_: Claim, queue: QueueName) => Promise.resolve(void did.push(`move to ${queue}`)),
      conclude: (_: Claim, decisions: readonly Decision[], connectorName: string) =>
        void did.push(
          `conclude ${decisions.map(({ step, queue, finding }) => `${step.kind} ${queue} ${finding?.text}`).join()} ${connectorName}`,
        ),
    } as never,
    relieve: () => relieves,
    wakeUp: {
      at: (at, queue) => void did.push(`look at ${queue ?? "all"} in ${at - clock.now()}`),
      cancel: () => {},
    },
    refill: (queue) => void did.push(`refill ${queue.name}`),
    route: () => void did.push("route"),
  });
});

const claimOf = (ageMs: number, queue: QueueName = "Out", more: Partial<Claim> = {}): Claim => {
  const claim = testClaim();
  return { ...claim, queue, message: { ...claim.message, arrivedAt: clock.now() - ageMs }, ...more };
};
const told = (claim: Claim): Claim => ({
  ...claim,
  recipients: claim.recipients.map((one) => ({ ...one, delayReported: true })),
});

describe("recipients that stand in a queue have it looked at", () => {
  test.each<[QueueName, number, readonly string[]]>([
    ["Out", 0, ["refill Out"]],
    ["Out", 5_000, ["look at Out in 5000"]],
    [submissionQueue, 0, ["route"]],
    [submissionQueue, 5_000, ["look at  in 5000"]],
    // A domain's that is opened by the look.
    ["gone", 0, ["look at all in 0"]],
    [unreachableQueue, 0, []],
  ])("%j, due in %d ms", (queue, inMs, expected) => {
    parking.kept(queue, clock.now() + inMs);
    expect(did).toEqual(expected);
  });

  test("not while they are suspended, nor when the relay stops", () => {
    parking.kept("Out", suspendedDueAt);
    state.phase = "stopping";
    parking.kept("Out", clock.now());
    expect([did, out.backlog.due, state.unrouted.due]).toEqual([[], false, false]);
  });

  test("when it opens again, where it is in Retry", () => {
    out.retryAt = clock.now() + 1;
    parking.kept("Out", clock.now());
    expect([did, out.backlog.due]).toEqual([[], true]);
  });
});

test("a queue that no connector has gives its mail back to be routed, unless it is suspended or Unreachable", () => {
  suspended.add("Old");
  expect(["Out", "Shut", unreachableQueue, "Old", "gone"].map((name) => parking.queueFor(name))).toEqual([
    "Out",
    "Shut",
    unreachableQueue,
    "Old",
    submissionQueue,
  ]);
});

test("a queue is worked on that is open and healthy, or would be when it is opened", () => {
  const worked = () => [submissionQueue, "Out", "Shut", "gone"].map((name) => parking.isWorkedOn(name));
  expect(worked()).toEqual([true, true, true, false]);
  for (const name of [submissionQueue, "Shut"]) suspended.add(name);
  out.suspended = true;
  expect(worked()).toEqual([false, false, false, false]);
});

describe("a claim waits", () => {
  test("where it stands, or is moved there", async () => {
    expect(parking.park(claimOf(0), "Out")).toBeUndefined();
    await parking.park(claimOf(0, submissionQueue), "Out");
    await parking.park(claimOf(0), "gone");
    expect(did).toEqual(["release", "move to Out", `move to ${submissionQueue}`]);
  });

  test("nowhere, where another queue takes it over", () => {
    relieves = true;
    void parking.park(claimOf(0), "Out");
    expect(did).toEqual([]);
    void parking.park(claimOf(0), "Shut");
    expect(did).toEqual(["move to Shut"]);
  });

  test.each<[string, Claim["recipients"] | undefined, number, boolean]>([
    ["young", undefined, delayed - 1, false],
    ["late, and nobody was told", undefined, delayed, true],
  ])("%s: a decision is due: %#", (_, __, ageMs, isDue) => {
    expect(parking.isDecisionDue(claimOf(ageMs))).toBe(isDue);
    expect(parking.isDecisionDue(told(claimOf(ageMs)))).toBe(false);
    expect(parking.isDecisionDue(told(claimOf(expired)))).toBe(true);
  });

  test("in line for its try, however old, where its queue is worked on", () => {
    void parking.park(claimOf(expired), "Out");
    expect([did, out.backlog.owesTries, parking.owesTries("Out")]).toEqual([["release"], true, true]);
    out.suspended = true;
    expect(parking.owesTries("Out")).toBe(false);
    expect(parking.owesTries(submissionQueue)).toBe(false);
    void parking.park(claimOf(expired), "gone");
    expect(parking.owesTries(submissionQueue)).toBe(true);
  });

  test("no longer, where its queue rests: it is told of or given up by the queue's failure", () => {
    out.retryAt = clock.now() + minute;
    out.lastError = { status: "4.4.1", text: "refused", fromPeer: false };
    void parking.park(claimOf(delayed), "Out");
    void parking.park(claimOf(expired), "Out");
    expect(did).toEqual([
      expect.stringMatching(/^conclude keep Out refused Out$/),
      expect.stringMatching(/^conclude failed Out .* Out$/),
    ]);
    expect(out.backlog.owesTries).toBe(false);
  });

  test("that is suspended and from before the start, as long as somebody may resume it first", () => {
    out.suspended = true;
    suspended.add("Out");
    parking.judge(claimOf(expired));
    expect(did).toEqual(["release"]);
    parking.judge(claimOf(30_000));
    expect(did).toEqual(["release", "release"]);
    state.startedAt = clock.now() - delayed;
    parking.judge(claimOf(expired));
    expect(did.at(-1)).toMatch(/^conclude failed/);
  });

  test("the same where it is the message that is suspended, with all its recipients", () => {
    const of = (isSuspended: boolean): Claim => {
      const claim = claimOf(expired);
      const [one] = claim.recipients;
      if (one === undefined) return claim;
      return {
        ...claim,
        recipients: [
          { ...one, suspended: true },
          { ...one, index: 1, ...(isSuspended ? { suspended: true } : {}) },
        ],
      };
    };
    parking.judge(of(true));
    parking.judge(of(false));
    expect([did[0], did[1]?.slice(0, 8)]).toEqual(["release", "conclude"]);
  });
});

test("the grace of a start is as long as a sender is left without word of a delay, or as mail lasts", () => {
  const of = (delayNotificationTimeout: number, messageExpirationTimeout: number) =>
    graceEndsAt({
      ...state,
      startedAt: 1_000,
      settings: {
        ...state.settings,
        transport: {
          ...transport,
          ...state.settings.transport,
          delayNotificationTimeout,
          messageExpirationTimeout,
        },
      },
    });
  expect([of(5_000, 9_000), of(9_000, 5_000)]).toEqual([6_000, 6_000]);
});

test("what was moved to a queue is in line for its try there, or where it is routed to", () => {
  parking.resubmitted(3, "Out");
  expect([did, out.backlog.owesTries]).toEqual([[], true]);
  parking.resubmitted(2, submissionQueue);
  expect([did, state.unrouted.owesTries]).toEqual([["route"], true]);
});
