/** Attempts that a peer leaves without an answer for minutes: mail does not wait behind them where more of them are allowed. */
import { expect, test } from "vitest";
import {
  answered,
  busy,
  dnsConnector,
  dropConnector,
  ok,
  openScriptedDelivery,
  refused,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { defaultLimits } from "./limits.ts";

const minute = 60_000;
const { silentMs } = defaultLimits;
const messages = 40;

test.each(["LMDB", "memory"] as const)(
  "after a rest two tries that hang keep the others no longer than they must: %s",
  async (kind) => {
    const delivery = await openScriptedDelivery(
      kind,
      schedulerSettings(dropConnector("Out", "contoso.test")),
    );
    const { clock, spool } = delivery.tested;
    let [isDown, hanging] = [true, 0];
    delivery.carry = (claim) => {
      if (isDown) return refused;
      if (hanging === 2) return answered(claim, ok);
      hanging++;
      return new Promise((resolve) => void clock.after(10 * minute, () => resolve(answered(claim, busy))));
    };
    for (let n = 0; n < messages; n++) await delivery.submit([`x${n}@contoso.test`]);
    await clock.advance(0);
    isDown = false;
    await clock.advance(minute);
    expect([hanging, spool.size]).toEqual([2, messages]);
    await clock.advance(silentMs);
    expect(spool.size).toBe(2);
    await delivery.close();
  },
);

test("a domain's first two that hang keep the others no longer, either", async () => {
  const delivery = await openScriptedDelivery("LMDB", schedulerSettings(dnsConnector("Net")));
  const { clock, spool } = delivery.tested;
  let hanging = 0;
  delivery.carry = (claim) => (hanging === 2 ? answered(claim, ok) : (hanging++, new Promise(() => {})));
  await Promise.all(Array.from({ length: messages }, (_, n) => delivery.submit([`x${n}@contoso.test`])));
  await clock.advance(silentMs - 1);
  expect([hanging, spool.size]).toEqual([2, messages]);
  await clock.advance(1000);
  expect(spool.size).toBe(2);
  await delivery.close();
});

test("where all hang one more is tried each 20 seconds, as far as may be", async () => {
  const delivery = await openScriptedDelivery("LMDB", schedulerSettings(dnsConnector("Net")), {
    concurrency: 4,
  });
  delivery.carry = () => new Promise(() => {});
  await Promise.all(Array.from({ length: messages }, (_, n) => delivery.submit([`x${n}@contoso.test`])));
  await delivery.tested.clock.advance(0);
  const tried: number[] = [];
  for (let n = 0; n < 5; n++) {
    tried.push(delivery.carried.length);
    await delivery.tested.clock.advance(silentMs);
  }
  expect(tried).toEqual([2, 3, 4, 4, 4]);
  await delivery.close();
});
