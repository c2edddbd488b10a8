/** One timer for whatever is due first. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createWakeUp } from "./wake-up.ts";

function waking() {
  const clock = createFakeClock(0);
  const looked: string[] = [];
  const wakeUp = createWakeUp(clock, (names) => {
    looked.push(`${clock.now()} ${typeof names === "string" ? names : names.toSorted().join(" ")}`);
  });
  return { clock, looked, wakeUp };
}

test("queues are looked at when they are due, all that are at once, by one timer", async () => {
  const { clock, looked, wakeUp } = waking();
  wakeUp.at(300, "c");
  wakeUp.at(100, "a");
  wakeUp.at(200, "b");
  wakeUp.at(200, "b2");
  wakeUp.at(500, "a");
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1_000);
  expect(looked).toEqual(["100 a", "200 b b2", "300 c"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a look at everything takes the place of those that are due with it, and of no later ones", async () => {
  const { clock, looked, wakeUp } = waking();
  wakeUp.at(100, "a");
  wakeUp.at(100);
  wakeUp.at(200, "b");
  await clock.advance(1_000);
  expect(looked).toEqual(["100 everything", "200 b"]);
});

test("what is due already is looked at at once", async () => {
  const { clock, looked, wakeUp } = waking();
  await clock.advance(50);
  wakeUp.at(10, "a");
  await clock.advance(0);
  expect(looked).toEqual(["50 a"]);
});

test("nothing is looked at behind a stop, and a later time begins anew", async () => {
  const { clock, looked, wakeUp } = waking();
  wakeUp.at(100, "a");
  wakeUp.cancel();
  expect(clock.pendingTimers).toBe(0);
  wakeUp.at(200, "b");
  await clock.advance(1_000);
  expect(looked).toEqual(["200 b"]);
});
