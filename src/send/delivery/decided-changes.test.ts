import { describe, expect, it, test } from "vitest";
import { suspendedDueAt, type Claim } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { changeFor, keptAs, reportKind, reportRecipient } from "./decided-changes.ts";
import type { Decision } from "./decisions.ts";

/** A recipient that stays after an attempt; `lastError` of the attempt before. */
function kept(
  lastError: string | undefined,
  given: Partial<Pick<Decision, "finding" | "host" | "attempted" | "uncounted">>,
): Decision {
  return {
    state: { index: 3, attempts: 2, delayReported: false, lastError } as Decision["state"],
    step: { kind: "keep", dueAt: 5000, unconfirmed: 0, delayReported: false } as Decision["step"],
    queue: "out",
    attempted: 0,
    uncounted: false,
    finding: undefined,
    host: undefined,
    ...given,
  } as Decision;
}
const finding = { text: "451 4.7.1 later" } as NonNullable<Decision["finding"]>;

it.each([
  [
    "an attempt that a host answered",
    undefined,
    { finding, host: "mx.test", attempted: 1 },
    "451 4.7.1 later (mx.test)",
    3,
  ],
  ["none: what was known stays", "421 busy (mx.test)", { finding }, "421 busy (mx.test)", 2],
  ["none, and nothing was known", undefined, { finding }, "451 4.7.1 later", 2],
  [
    "an attempt that counts for nothing",
    "421 busy (mx.test)",
    { attempted: 1, uncounted: true },
    "421 busy (mx.test)",
    2,
  ],
  ["nothing was found", undefined, {}, undefined, 2],
] as const)("%s", (_, before, given, lastError, attempts) => {
  const change = changeFor(kept(before, given));
  expect(change).toMatchObject({ kind: "keep", index: 3, queue: "out", dueAt: 5000, attempts });
  expect(change.kind === "keep" ? change.lastError : "done").toBe(lastError);
});

describe("what is written", () => {
  test("of one that is decided: that it is", () => {
    const done = { ...kept(undefined, {}), step: { kind: "done", report: undefined } } as Decision;
    expect(changeFor(done)).toEqual({ kind: "done", index: 3 });
  });

  test("of a suspended one: it stays so", () => {
    const decision = kept(undefined, {});
    const change = changeFor({ ...decision, state: { ...decision.state, suspended: true } });
    expect(change).toMatchObject({ kind: "keep", dueAt: suspendedDueAt });
  });

  test("how often nobody knows whether it was delivered, and whether its delay was told", () => {
    const step = { kind: "keep", dueAt: 5, unconfirmed: 2, delayReport: true, delayReported: true } as const;
    expect(changeFor({ ...kept(undefined, {}), step })).toMatchObject({
      unconfirmed: 2,
      delayReported: true,
    });
    expect(changeFor(kept(undefined, {}))).not.toHaveProperty("unconfirmed");
  });

  const waiting: Claim = {
    ...testClaim({ recipients: ["a@b.test", "b@b.test"] }),
    queue: "Out",
    recipients: [
      { index: 0, attempts: 2, delayReported: true, lastError: "451 busy (mx)" },
      { index: 1, attempts: 0, delayReported: false, suspended: true },
    ],
  };
  test("where a whole claim stays: as it was", () => {
    expect(keptAs(waiting, "Out", 7)).toEqual([
      { kind: "keep", queue: "Out", dueAt: 7, ...waiting.recipients[0] },
      { kind: "keep", queue: "Out", dueAt: suspendedDueAt, ...waiting.recipients[1] },
    ]);
  });

  test("where it goes elsewhere: without what was said there", () => {
    expect(keptAs(waiting, "Other", 7)).toEqual([
      { kind: "keep", queue: "Other", dueAt: 7, index: 0, attempts: 2, delayReported: true },
      { kind: "keep", queue: "Other", dueAt: suspendedDueAt, ...waiting.recipients[1] },
    ]);
  });
});

describe("a report", () => {
  const step = (given: object) => ({ ...kept(undefined, {}), step: given }) as Decision;
  test.each<[object, string | undefined]>([
    [{ kind: "done", report: "delivered" }, "delivered"],
    [{ kind: "done", report: undefined }, undefined],
    [{ kind: "failed", report: true }, "failed"],
    [{ kind: "failed", report: false }, undefined],
    [{ kind: "keep", delayReport: true }, "delayed"],
    [{ kind: "keep", delayReport: false }, undefined],
  ])("on %j: %s", (given, kind) => expect(reportKind(step(given))).toBe(kind));

  const clock = { ...createFakeClock(1_000_000), wall: () => new Date(Date.UTC(2026, 0, 15, 9)) };
  const settings = schedulerSettings();
  const claimed = testClaim({ recipients: ["a@b.test", "b@b.test"] });
  const claim: Claim = {
    ...claimed,
    message: {
      ...claimed.message,
      arrivedAt: 400_000,
      envelope: {
        ...claimed.message.envelope,
        recipients: [{ forwardPath: "a@b.test" }, { forwardPath: "b@b.test", orcpt: "rfc822;o@b.test" }],
      },
    },
  };
  const said = { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true };
  const about = (changes: Partial<Decision>) =>
    reportRecipient(
      claim,
      { ...kept(undefined, {}), state: { index: 1, attempts: 0, delayReported: false }, ...changes },
      clock,
      settings,
    );

  test("says who, what was said, by whom and when, and until when it is tried", () => {
    expect(about({ finding: said, host: "mx", attempted: 1 })).toEqual({
      finalRecipient: "b@b.test",
      orcpt: "rfc822;o@b.test",
      status: "4.2.1",
      diagnostic: said,
      remoteHost: "mx",
      lastAttempt: clock.wall(),
      // Two days behind its arrival, which was ten minutes ago.
      willRetryUntil: new Date(Date.UTC(2026, 0, 17, 8, 50)),
    });
  });

  test("tells a failure by its own finding, and no attempt where there was none", () => {
    const own = { status: "4.4.7", text: "550 4.4.7 QUEUE.Expired", fromPeer: false };
    const failed = { kind: "failed", finding: own, report: true, expired: true, unconfirmed: 0 } as const;
    expect(about({ finding: said, step: failed })).toMatchObject({
      status: "4.4.7",
      diagnostic: own,
      lastAttempt: undefined,
    });
    expect(about({})).toMatchObject({ status: "4.4.7", diagnostic: undefined });
  });
});
