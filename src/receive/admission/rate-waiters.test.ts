import { expect, test } from "vitest";
import { noLimits } from "../../core/policy/client-rights.ts";
import { refused } from "../../core/refusals/refusal.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import type { Door, MessageAdmission } from "./admission.ts";
import { createRateWaiters } from "./rate-waiters.ts";

/** One message that waits; the door says `held` unless told otherwise, and refuses when it must. */
function waiting(limitDelay = 3_000) {
  const clock = createFakeClock();
  const stopping = new AbortController();
  const asked: { atMs: number; last: boolean; limitDelay: number }[] = [];
  const since = clock.now();
  let inForce = receiveConnector({ limitDelay });
  let answer: MessageAdmission = "held";
  let held = 0;
  const door = {
    tellMessageHeld: () => void held++,
    admitMessage: ({ connector }, _user, _limits, last) => {
      asked.push({ atMs: clock.now() - since, last, limitDelay: connector.limitDelay });
      return last && answer === "held" ? refused("messageRate") : answer;
    },
  } as Partial<Door> as Door;
  const rateWaiters = createRateWaiters({
    door,
    clock,
    connectors: () => [receiveConnector({ name: "Other" }), inForce],
    stopping: stopping.signal,
  });
  let gone = (): void => undefined;
  const presence = { isGone: false, onGone: (tell: () => void) => void (gone = tell) };
  let result: unknown = "waits";
  const client = { connector: inForce, address: "10.0.0.1", source: "10.0.0.1" };
  void rateWaiters.wait(client, "app", noLimits, presence).then((reply) => (result = reply));
  return {
    clock,
    stopping,
    asked,
    result: () => result,
    held: () => held,
    admit: () => void (answer = "admitted"),
    leave: () => {
      presence.isGone = true;
      gone();
    },
    change: (delayMs: number) => {
      inForce = receiveConnector({ limitDelay: delayMs });
      rateWaiters.settingsChanged();
    },
  };
}

test("asks each second, says that it waits once, and is refused when its time is over", async () => {
  const { clock, asked, result, held } = waiting(2_500);
  await clock.advance(2_499);
  expect([result(), held()]).toEqual(["waits", 1]);
  await clock.advance(1);
  expect(result()).toMatchObject({ refused: "messageRate" });
  expect(asked.map(({ atMs, last }) => [atMs, last])).toEqual([
    [1_000, false],
    [2_000, false],
    [2_500, true],
  ]);
  expect(clock.pendingTimers).toBe(0);
});

test("goes on as soon as its minute has room", async () => {
  const { clock, asked, result, admit } = waiting();
  admit();
  await clock.advance(1_000);
  expect([result(), asked.length, clock.pendingTimers]).toEqual([undefined, 1, 0]);
});

test("a client that goes spends nothing", async () => {
  const { clock, asked, result, leave, admit } = waiting();
  await clock.settle();
  admit();
  leave();
  await clock.settle();
  expect([result(), asked.length, clock.pendingTimers]).toMatchObject([{ refused: "leftWaiting" }, 0, 0]);
});

test("a stop ends the wait at once", async () => {
  const { clock, asked, result, stopping } = waiting();
  await clock.settle();
  stopping.abort();
  await clock.settle();
  expect([result(), asked.length, clock.pendingTimers]).toMatchObject([{ refused: "shuttingDown" }, 0, 0]);
});

test("settings that change are in force at once, counted from when the wait began", async () => {
  const { clock, asked, result, change } = waiting(3_000);
  await clock.advance(1_500);
  change(1_400);
  await clock.settle();
  expect(result()).toMatchObject({ refused: "messageRate" });
  expect(asked).toEqual([
    { atMs: 1_000, last: false, limitDelay: 3_000 },
    { atMs: 1_500, last: true, limitDelay: 1_400 },
  ]);
});
