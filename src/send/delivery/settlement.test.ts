import { expect, test } from "vitest";
import { createMetrics } from "../../metrics/metrics.ts";
import type { SettleOutcome } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { busy, unknown } from "../../testing/scripted-delivery.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { noTracking } from "../../tracking/tracking.ts";
import { createReportWriter } from "../dsn/report-writer.ts";
import { decideAttempt } from "./decisions.ts";
import { createSettlement } from "./settlement.ts";

test("who is kept is told behind the write of a report on others, which may take longer than the wait", async () => {
  const clock = createFakeClock();
  const settings = schedulerSettings();
  const metrics = createMetrics();
  const told: string[] = [];
  const decided: [number, readonly string[]][] = [];
  let written: (outcome: SettleOutcome) => void = () => undefined;
  const settlement = createSettlement({
    spool: {
      settle: () => new Promise((resolve) => (written = resolve)),
      release: () => undefined,
      setAside: () => Promise.resolve(),
    },
    events: { wants: () => false, emit: () => undefined },
    clock,
    metrics,
    tracking: noTracking,
    settings: () => settings,
    reports: () =>
      createReportWriter(
        {
          hostname: "relay.test",
          externalPostmasterAddress: "postmaster@relay.test",
          dsnMaxMessageAttachSize: 1000,
        },
        { clock, random: () => 0.5 },
      ),
    readFaultMs: 1000,
    onSettled: () => undefined,
    watch: { begun: () => undefined, ended: () => undefined },
    onKept: (queue) => void told.push(queue),
    onDecided: (id, keptIn) => decided.push([id, keptIn]),
    onUndecided: () => undefined,
  });
  const made = testClaim({ recipients: ["a@b.test", "c@b.test"] });
  const claim = { ...made, message: { ...made.message, arrivedAt: clock.now() } };
  const context = { now: clock.now(), transport: settings.transport, random: () => 0.5 };
  settlement.conclude(claim, decideAttempt(claim, [unknown(0), busy(1)], "mx", false, "Out", context), "Out");
  await clock.settle();
  expect(told).toEqual([]);
  expect(decided).toEqual([[claim.message.id, ["Out"]]]);
  written("settled");
  await settlement.idle();
  expect(told).toEqual(["Out"]);
  const { delivered, deliveredRecipients } = metrics.totals;
  expect([delivered, deliveredRecipients]).toEqual([0, 0]);
  void settlement.move(claim, "Other");
  expect(decided.at(-1)).toEqual([claim.message.id, ["Other"]]);
});
