import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { dropConnector, openScriptedDelivery } from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { createSettleWatch } from "./settle-watch.ts";

test("a slow disk holds up nothing: as much is open as went through lately", async () => {
  const clock = createFakeClock();
  const watch = createSettleWatch({
    clock,
    onFree: () => undefined,
    onTold: () => undefined,
    onOver: () => undefined,
  });
  // 400 ms for each write: 20, 40, 80 … at a time.
  let most = 0;
  for (let round = 0; round < 5; round++) {
    let open = 0;
    for (; !watch.isStuck && open < 1000; open++) watch.begun();
    most = open;
    await clock.advance(400);
    for (; open > 0; open--) watch.ended();
  }
  expect(most).toBeGreaterThan(100);
  watch.stop();
  expect(clock.pendingTimers).toBe(0);
});

test("few that do not go through for a second are enough", async () => {
  const clock = createFakeClock();
  const heard: unknown[] = [];
  const watch = createSettleWatch({
    clock,
    onFree: () => heard.push("free"),
    onTold: (open) => heard.push(open),
    onOver: () => heard.push("over"),
  });
  watch.begun();
  watch.begun();
  await clock.advance(999);
  expect(watch.isStuck).toBe(false);
  await clock.advance(1);
  expect(watch.isStuck).toBe(true);
  await clock.advance(1000);
  expect([heard, watch.isTold]).toEqual([[2], true]);
  watch.ended();
  expect([heard, watch.isTold, watch.isStuck]).toEqual([[2, "over", "free"], false, false]);
});

test("the second begins with the first that is open, and anew with each that goes through", async () => {
  const clock = createFakeClock();
  const watch = createSettleWatch({
    clock,
    onFree: () => undefined,
    onTold: () => undefined,
    onOver: () => undefined,
  });
  watch.begun();
  expect(watch.isStuck).toBe(false);
  await clock.advance(900);
  watch.begun();
  await clock.advance(99);
  expect(watch.isStuck).toBe(false);
  watch.ended();
  await clock.advance(999);
  expect(watch.isStuck).toBe(false);
  await clock.advance(1);
  expect(watch.isStuck).toBe(true);
  watch.stop();
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  [0, 19, 20],
  [5, 24, 25],
])("after %d that went through, %d may be open and %d not", async (went, fine, stuck) => {
  const clock = createFakeClock();
  const watch = createSettleWatch({
    clock,
    onFree: () => undefined,
    onTold: () => undefined,
    onOver: () => undefined,
  });
  for (let n = 0; n < went; n++) watch.begun();
  for (let n = 0; n < went; n++) watch.ended();
  for (let n = 0; n < fine; n++) watch.begun();
  expect(watch.isStuck).toBe(false);
  for (let n = fine; n < stuck; n++) watch.begun();
  expect(watch.isStuck).toBe(true);
  watch.stop();
});

test.each(["memory", "disk"])(
  "while settles hang, no more is sent from %s than may be under way",
  async (from) => {
    const delivery = await openScriptedDelivery("memory", schedulerSettings(dropConnector("Out", "")));
    const { spool } = delivery.tested;
    const gate: (() => void)[] = [];
    const settle = spool.settle.bind(spool);
    spool.settle = (...args) =>
      new Promise((resolve, reject) => gate.push(() => void settle(...args).then(resolve, reject)));
    const turns = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
    };
    if (from === "disk") await delivery.stop();
    for (let n = 0; n < 300; n++) await delivery.submit([`${n}@x.test`]);
    if (from === "disk") {
      delivery.begin();
    }
    await turns();
    // 20 settles are open, and five attempts were under way then.
    expect(delivery.carried.length).toBeGreaterThanOrEqual(20);
    expect(delivery.carried.length).toBeLessThanOrEqual(25);
    for (let n = 0; n < 300 && spool.size > 0; n++) {
      for (const go of gate.splice(0)) go();
      await turns();
    }
    expect(spool.size).toBe(0);
    expect(delivery.carried).toHaveLength(300);
    await delivery.close();
  },
);
