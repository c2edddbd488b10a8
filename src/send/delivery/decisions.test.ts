import { describe, expect, test } from "vitest";
import type { Envelope, Recipient } from "../../core/message/envelope.ts";
import type { Claim, RecipientState } from "../../spool/spool.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import {
  decideAttempt,
  decideRemoval,
  decideWaiting,
  isPlainSuccess,
  keptUntried,
  type DecisionContext,
} from "./decisions.ts";
import { decideRoutes, unreachableFinding } from "./claim-routes.ts";
import type { RecipientOutcome } from "./delivery.ts";
import { createRouting } from "../routing/routing.ts";
import { dropConnector } from "../../testing/scripted-delivery.ts";

const hour = 3_600_000;
const never = { never: true, success: false, failure: false, delay: false };
const { transport } = schedulerSettings();
const delayMs = transport.delayNotificationTimeout;
const expiryMs = transport.messageExpirationTimeout;
const at = (now: number): DecisionContext => ({ now, transport, random: () => 0.5 });

function claimOf(
  recipients: readonly Recipient[],
  states: readonly RecipientState[],
  envelope: Partial<Envelope> = {},
  queue = "Out;/d",
): Claim {
  return {
    message: {
      id: 1,
      arrivedAt: 0,
      envelope: { reversePath: "a@s.test", recipients, body: "7BIT", smtpUtf8: false, ...envelope },
      origin: { connector: "In", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
      content: { sizeBytes: 1, dotLines: 0, eightBit: false, endsWithCrlf: true },
    },
    queue,
    recipients: states,
    content: { inMemory: undefined, async *stream() {} },
  };
}
const state = (index: number, changes: Partial<RecipientState> = {}): RecipientState => ({
  index,
  attempts: 0,
  delayReported: false,
  ...changes,
});
const refused = { status: "4.4.1", text: "connect ECONNREFUSED", fromPeer: false };

describe("a recipient that waits", () => {
  const decide = (now: number, own: string | undefined, queueError = true, delayReported = false) => {
    const states = [state(0, { delayReported, ...(own === undefined ? undefined : { lastError: own }) })];
    const claim = claimOf([{ forwardPath: "b@x.test" }], states);
    const error = queueError ? refused : undefined;
    return decideWaiting(
      claim,
      states,
      "Out;/d",
      now,
      error,
      queueError ? "10.0.0.9" : undefined,
      at(now),
    )[0];
  };

  test.each([
    ["before the delay", delayMs - 1, false, false, false],
    ["from the delay on", delayMs, false, true, true],
    ["when that was told", delayMs, true, false, true],
    ["before it expires", expiryMs - 1, true, false, true],
  ])("%s", (_when, now, told, delayReport, delayReported) => {
    const decision = decide(now, undefined, true, told);
    expect(decision).toMatchObject({
      step: { kind: "keep", dueAt: now, delayReport, delayReported },
      queue: "Out;/d",
      attempted: 0,
      finding: refused,
      host: "10.0.0.9",
    });
  });

  test.each([
    [
      "what its queue met",
      undefined,
      true,
      "550 4.4.7 QUEUE.Expired; message expired (last error: connect ECONNREFUSED)",
    ],
    [
      "what was said of itself before that",
      "450 4.2.1 busy (mx)",
      true,
      "550 4.4.7 QUEUE.Expired; message expired (last error: 450 4.2.1 busy (mx))",
    ],
    ["that nothing is known", undefined, false, "550 4.4.7 QUEUE.Expired; message expired"],
  ])("is told at its expiry %s", (_what, own, queueError, text) => {
    expect(decide(expiryMs, own, queueError)).toMatchObject({
      step: {
        kind: "failed",
        expired: true,
        report: true,
        finding: { status: "4.4.7", text, fromPeer: false },
      },
      attempted: 0,
    });
  });

  test.each([
    ["a status of its own", "450 4.2.1 busy (mx)", "4.2.1"],
    ["none", "connection lost", "4.0.0"],
    ["an address", "10.4.2.1 refused", "4.0.0"],
    ["the queue's", undefined, "4.4.1"],
  ])("is told of a delay with %s", (_what, own, status) => {
    expect(decide(delayMs, own)?.finding?.status).toBe(status);
  });

  test.each([
    ["the null reverse-path", { reversePath: "" }, undefined],
    ["NOTIFY=NEVER", {}, { never: true, success: false, failure: false, delay: false }],
    ["NOTIFY=SUCCESS", {}, { never: false, success: true, failure: false, delay: false }],
  ])("is never reported on with %s", (_what, envelope, notify) => {
    const recipient: Recipient = { forwardPath: "b@x.test", ...(notify === undefined ? {} : { notify }) };
    const claim = claimOf([recipient], [state(0)], envelope);
    const step = (now: number) =>
      decideWaiting(claim, claim.recipients, "q", now, refused, undefined, at(now))[0]?.step;
    expect(step(delayMs)).toMatchObject({ kind: "keep", delayReport: false, delayReported: true });
    expect(step(expiryMs)).toMatchObject({ kind: "failed", report: false, expired: true });
  });
});

describe("a recipient that is routed again", () => {
  const routing = createRouting([dropConnector("New", "x.test")]);
  const decide = (to: string, workedOn: boolean, now = hour) => {
    const states = [state(0, { attempts: 3, lastError: "450 4.2.1 busy (old)" })];
    return decideRoutes(claimOf([{ forwardPath: to }], states, {}, ""), routing, () => workedOn, at(now))[0];
  };

  test("forgets what was said at another next hop", () => {
    const decision = decide("b@x.test", true);
    expect(decision).toMatchObject({ queue: "New;/d", step: { kind: "keep", dueAt: hour } });
    expect(decision?.state).toEqual(state(0, { attempts: 3 }));
  });

  test("knows why it waits where no connector matches", () => {
    const decision = decide("b@y.test", true);
    expect(decision).toMatchObject({ queue: "unreachable", finding: unreachableFinding });
    expect(decision?.state.lastError).toBeUndefined();
  });

  test.each([
    [true, "keep"],
    [false, "failed"],
  ])("that is overdue is tried first where that is possible: %s", (workedOn, kind) => {
    expect(decide("b@x.test", workedOn, expiryMs)?.step.kind).toBe(kind);
  });
});

describe("an attempt", () => {
  const busy = (index: number): RecipientOutcome => ({
    kind: "transient",
    index,
    verdict: { status: "4.2.1", text: `450 4.2.1 busy ${index}`, fromPeer: true },
  });

  test("that puts off an overdue recipient tells it what was said", () => {
    const claim = claimOf([{ forwardPath: "b@x.test" }], [state(0, { lastError: "older" })]);
    const [decision] = decideAttempt(claim, [busy(0)], "mx", false, "q", at(expiryMs));
    expect(decision?.step).toMatchObject({
      kind: "failed",
      expired: true,
      finding: { text: "550 4.4.7 QUEUE.Expired; message expired (last error: 450 4.2.1 busy 0)" },
    });
  });

  test("those put off in one attempt are due together, and go in one transaction again", () => {
    let drawn = 0;
    const context = { now: 0, transport: { ...transport, retryJitter: 0.1 }, random: () => (drawn += 0.1) };
    const states = [state(0), state(1), state(2)];
    const claim = claimOf(
      states.map(({ index }) => ({ forwardPath: `u${index}@x.test` })),
      states,
    );
    const decisions = decideAttempt(claim, [busy(0), busy(1), busy(2)], "mx", false, "q", context);
    expect(new Set(decisions.map(({ step }) => step.kind === "keep" && step.dueAt)).size).toBe(1);
  });

  test("gives each recipient its own outcome in whatever order, the first word counting", () => {
    const states = [state(0), state(1), state(2), state(3)];
    const claim = claimOf(
      states.map(({ index }) => ({ forwardPath: `${index}@x.test` })),
      states,
    );
    const late = { ...busy(2), verdict: { status: "4.0.0", text: "late", fromPeer: true } };
    const decisions = decideAttempt(claim, [busy(3), busy(1), busy(2), late], "mx", false, "q", at(0));
    expect(decisions.map(({ finding }) => finding?.text)).toEqual([
      "451 4.3.0 The attempt ended without an answer for this recipient",
      "450 4.2.1 busy 1",
      "450 4.2.1 busy 2",
      "450 4.2.1 busy 3",
    ]);
  });

  test.each([1000, 4000])("looks at each of %i outcomes a few times, also after a refusal", (count) => {
    const states = Array.from({ length: count }, (_, index) => state(index));
    const claim = claimOf(
      states.map(({ index }) => ({ forwardPath: `${index}@x.test` })),
      states,
    );
    // The refused one is reported last, so that every other stands one place before its own.
    const outcomes = [...states.slice(1), state(0)].map(({ index }) => busy(index));
    let looks = 0;
    const counted = new Proxy(outcomes, {
      get(target, name) {
        if (typeof name === "string" && /^\d+$/.test(name)) looks++;
        return Reflect.get(target, name) as unknown;
      },
    });
    const decisions = decideAttempt(claim, counted, "mx", false, "q", at(0));
    expect(decisions.every(({ state: { index }, finding }) => finding?.text.endsWith(` ${index}`))).toBe(
      true,
    );
    expect(looks).toBeLessThanOrEqual(3 * count);
  });
});

describe("a message an administrator removes", () => {
  const claim = claimOf(
    [{ forwardPath: "a@x.test" }, { forwardPath: "b@x.test", notify: never }],
    [state(0), state(1)],
  );

  test.each([
    [true, [true, false]],
    [false, [false, false]],
  ])("with a report: %s", (withNdr, reports) => {
    const decisions = decideRemoval(claim, withNdr);
    expect(decisions).toMatchObject([
      {
        step: {
          kind: "failed",
          expired: false,
          unconfirmed: 0,
          finding: { status: "5.7.1", fromPeer: false },
        },
        attempted: 0,
        removed: true,
        queue: claim.queue,
        host: undefined,
      },
      { state: { index: 1 }, removed: true },
    ]);
    expect(decisions.map(({ step }) => step.kind === "failed" && step.report)).toEqual(reports);
  });
});

test("what waits untried is due now", () => {
  const waiting = state(3, { delayReported: true, unconfirmed: 2 });
  expect(keptUntried(waiting, "q", 77)).toEqual({
    state: waiting,
    step: { kind: "keep", dueAt: 77, unconfirmed: 2, delayReport: false, delayReported: true },
    finding: undefined,
    host: undefined,
    queue: "q",
    attempted: 0,
  });
  expect(keptUntried(state(0), "q", 77).step).toMatchObject({ unconfirmed: 0, delayReported: false });
});

describe("a plain success", () => {
  const delivered = (index: number): RecipientOutcome => ({
    kind: "delivered",
    index,
    verdict: { status: "2.0.0", text: "250 ok", fromPeer: true },
    dsnRelayed: false,
  });
  const failed = (index: number): RecipientOutcome => ({
    kind: "permanent",
    index,
    verdict: { status: "5.0.0", text: "550", fromPeer: true },
  });
  test.each<[string, RecipientOutcome[], boolean, boolean]>([
    ["all", [delivered(0), delivered(1)], false, true],
    ["one is to be told", [delivered(0), delivered(1)], true, false],
    ["one failed", [delivered(0), failed(1)], false, false],
    ["the first failed", [failed(0), delivered(1)], false, false],
    ["one without an answer", [delivered(0)], false, false],
    ["one of another claim", [delivered(0), delivered(2)], false, false],
    ["none", [], false, false],
  ])("%s", (_, outcomes, success, plain) => {
    const notify = { never: false, success, failure: true, delay: false };
    const claim = claimOf(
      [{ forwardPath: "a@x.test" }, { forwardPath: "b@x.test", notify }],
      [state(0), state(1)],
    );
    expect(isPlainSuccess(claim, outcomes)).toBe(plain);
  });
});
