/**
 * Random weeks of a relay: outcomes, restarts, clocks, configurations and administrators, drawn from a seed. Whatever
 * comes, nobody is tried twice at a time, all mail that waits is seen with a reason, and at the end, when all goes well
 * again, every recipient was delivered to, or its sender was told.
 */
import { expect, test } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Claim } from "../../spool/spool.ts";
import {
  answered,
  busy,
  dnsConnector,
  dropConnector,
  ok,
  openScriptedDelivery,
  refused,
  unknown,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { spoolKinds } from "../../testing/tested-spool.ts";
import type { AttemptResult } from "./delivery.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Mulberry32. */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const cases = spoolKinds.flatMap((kind) =>
  [9, 18, 35].flatMap((seed) => [false, true].map((second) => [kind, seed, second] as const)),
);

/** `second`: connectors take over from each other, and some mail is held alone. */
test.each(cases)("on the %s spool, seed %i, a second way: %s", async (kind, seed, second) => {
  const random = seeded(seed);
  const pick = <One>(of: readonly One[]): One => of[Math.floor(random() * of.length)] as One;
  const fallback = (connector: string): object =>
    second ? { fallback: { connector, afterMs: pick([0, minute, hour]) } } : {};
  const connectors = (): SendConnectorSettings[] => [
    dropConnector("A", "a.test", {
      dropDirectory: pick(["/a", "/a2"]),
      enabled: random() < 0.8,
      ...fallback("B"),
    }),
    ...(random() < 0.7
      ? [dropConnector("B", "b.test", { dropDirectory: pick(["/b", "/b2"]), ...fallback("Rest") })]
      : []),
    ...(random() < 0.5 ? [dropConnector("Rest", "", { dropDirectory: "/rest" })] : []),
    ...(random() < 0.6 ? [dnsConnector("Net", { comment: pick(["", "new"]), enabled: random() < 0.9 })] : []),
    dropConnector("Sender", "sender.test", { dropDirectory: "/s" }),
  ];
  const delivery = await openScriptedDelivery(kind, schedulerSettings(...connectors()), {
    concurrency: 2,
    random: seeded(-seed),
    limits: { windowClaims: 6, lowWater: 3, refillClaims: 4, sweepClaims: 5, retireGraceMs: minute },
  });
  const clock = () => delivery.tested.clock;

  /** Ids may be drawn again behind a clock that went back: each message has addresses of its own. */
  const key = ({ message: { envelope, content } }: Claim, index: number): string =>
    `${envelope.recipients[index]?.forwardPath} ${content.messageId ?? ""}`;
  const underWay = new Set<string>();
  const done = new Set<string>();
  const delivered = new Set<string>();
  const twice: string[] = [];
  let allWell = false;
  delivery.carry = async (claim, connector, aborted): Promise<AttemptResult> => {
    const held = claim.recipients.map(({ index }) => key(claim, index));
    for (const one of held) {
      if (underWay.has(one) || done.has(one)) twice.push(one);
      underWay.add(one);
    }
    const luck = allWell || connector === "Sender" ? 1 : random();
    const ended = (): void => {
      for (const one of held) underWay.delete(one);
    };
    aborted.addEventListener("abort", ended, { once: true });
    if (luck < 0.3) {
      const on = clock();
      await new Promise<void>((resolve) => on.after(random() * 5 * minute, resolve));
    }
    if (aborted.aborted) return { kind: "aborted" };
    aborted.removeEventListener("abort", ended);
    ended();
    if (second && luck < 0.1)
      return {
        kind: "throttled",
        host: "mx.example",
        verdict: { status: "4.3.2", text: "432 4.3.2 held", fromPeer: true },
        retryAfterMs: hour,
        heldSince: clock().now() - random() * hour,
        ...(random() < 0.3 ? { spent: true } : {}),
      };
    if (luck < 0.2) return refused;
    return answered(claim, luck < 0.5 ? busy : luck < 0.55 ? unknown : ok);
  };
  delivery.ended = (claim, result) => {
    if (result.kind !== "attempted") return;
    for (const { index, kind: came } of result.outcomes) {
      if (came !== "transient") done.add(key(claim, index));
      if (came === "delivered") delivered.add(claim.message.envelope.recipients[index]?.forwardPath ?? "");
    }
  };

  const sent: { readonly id: number; readonly to: readonly string[] }[] = [];
  const submit = async (): Promise<void> => {
    const to = Array.from(
      { length: 1 + Math.floor(random() * 3) },
      (_, n) => `${sent.length}.${n}@${pick(["a", "b", "c", "d", "e"])}.test`,
    );
    sent.push({ id: await delivery.submit(to), to });
  };
  const steps: readonly (() => unknown)[] = [
    submit,
    submit,
    submit,
    submit,
    () => clock().advance(random() * 3 * minute),
    () => clock().advance(random() * 3 * hour),
    () => delivery.scheduler.reconfigure(schedulerSettings(...connectors())),
    () => delivery.scheduler.suspend(pick(delivery.scheduler.snapshot()).queue, random() < 0.6),
    () => delivery.scheduler.retryNow(),
    () => delivery.scheduler.resubmit(pick(delivery.scheduler.snapshot()).queue),
    () => {
      const { id } = pick(sent) ?? { id: 0 };
      const { queue } = pick(delivery.scheduler.snapshot());
      return delivery.scheduler.suspendMessage(queue, id, random() < 0.5);
    },
    async () => {
      await delivery.restart({ at: clock().now() + pick([0, minute, 30 * hour, -hour]) });
    },
  ];
  for (let n = 0; n < 60; n++) {
    await pick(steps)();
    await clock().settle();
    const seen = delivery.scheduler.snapshot();
    const summaries = delivery.tested.spool.queues();
    for (const { queue } of summaries) expect(seen.map((one) => one.queue)).toContain(queue);
    for (const one of seen)
      if (one.status === "Retry") expect([one.nextRetryAt, one.lastError]).not.toContain(undefined);
  }
  expect(twice).toEqual([]);

  // All goes well again, and nobody holds anything.
  allWell = true;
  await delivery.scheduler.reconfigure(
    schedulerSettings(
      dropConnector("Rest", "", { dropDirectory: "/rest" }),
      dropConnector("Sender", "sender.test"),
    ),
  );
  for (const { queue, status } of delivery.scheduler.snapshot())
    if (status === "Suspended") delivery.scheduler.suspend(queue, false);
  await clock().advance(30 * minute);
  for (const { id } of sent)
    for (const { queue } of (await delivery.tested.spool.find(id))?.places ?? [])
      await delivery.scheduler.suspendMessage(queue, id, false);
  await clock().advance(60 * minute);
  expect(delivery.tested.spool.queues()).toEqual([]);
  expect(delivery.scheduler.running).toBe(0);
  const reports = delivery.reports().join("\n");
  for (const { to } of sent)
    for (const path of to)
      if (!delivered.has(path)) expect(reports).toContain(`Final-Recipient: rfc822;${path}`);
  expect(twice).toEqual([]);
  await delivery.close();
  expect(clock().pendingTimers).toBe(0);
});
