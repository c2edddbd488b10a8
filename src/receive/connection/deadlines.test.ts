import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import type { Connection } from "./connection.ts";
import { createDeadlines } from "./deadlines.ts";

function watching() {
  const clock = createFakeClock();
  const since = clock.now();
  const deadlines = createDeadlines(clock);
  const said: string[] = [];
  const watch = (name: string, isWaiting = false, closingMs?: number) => {
    const connection = {
      openedAt: since,
      lastActivityAt: since,
      closingSince: closingMs,
      lingersAt: (now: number) => closingMs !== undefined && now - since >= closingMs,
      destroy: () => void said.push(`${name} destroyed`),
    };
    const one = {
      connection: connection as unknown as Connection,
      inactivityTimeout: () => 10_000,
      totalTimeout: 30_000,
      isWaiting: () => isWaiting,
      timedOut: () => {
        said.push(`${name} timed out at ${clock.now() - since}`);
        deadlines.forget(watched, one);
      },
    };
    const watched = deadlines.watch(one);
    return { watched, one, connection };
  };
  return { clock, since, deadlines, said, watch };
}

test("an idle connection ends, one that moves does not before its time is over", async () => {
  const { clock, said, watch, since } = watching();
  watch("idle");
  const { connection } = watch("moves");
  for (let at = 5_000; at < 30_000; at += 5_000) {
    await clock.advance(5_000);
    connection.lastActivityAt = since + at;
  }
  await clock.advance(5_000);
  expect(said).toEqual(["idle timed out at 10000", "moves timed out at 30000"]);
  expect(clock.pendingTimers).toBe(0);
});

test("one that we keep waiting is not idle, but its time runs", async () => {
  const { clock, said, watch } = watching();
  watch("waits", true);
  await clock.advance(29_999);
  expect(said).toEqual([]);
  await clock.advance(1);
  expect(said).toEqual(["waits timed out at 30000"]);
});

test("a closing one is not timed out, and is ended when it lingers", async () => {
  const { clock, said, watch, deadlines } = watching();
  const { watched, one } = watch("closing", false, 11_000);
  await clock.advance(10_999);
  expect(said).toEqual([]);
  await clock.advance(1);
  expect(said).toEqual(["closing destroyed"]);
  deadlines.forget(watched, one);
  expect(clock.pendingTimers).toBe(0);
});

test("no timer runs for nobody, and one for many", async () => {
  const { clock, watch, deadlines, said } = watching();
  expect(clock.pendingTimers).toBe(0);
  const first = watch("first");
  const second = watch("second");
  expect(clock.pendingTimers).toBe(1);
  deadlines.forget(first.watched, first.one);
  expect(clock.pendingTimers).toBe(1);
  deadlines.forget(second.watched, second.one);
  expect(clock.pendingTimers).toBe(0);
  watch("third");
  deadlines.close();
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(60_000);
  expect(said).toEqual([]);
});

test("one that is forgotten twice takes no other's deadline with it", async () => {
  const { clock, watch, deadlines, said } = watching();
  const gone = watch("gone");
  deadlines.forget(gone.watched, gone.one);
  const next = watch("next");
  expect(next.watched).toBe(gone.watched);
  deadlines.forget(gone.watched, gone.one);
  watch("third");
  await clock.advance(10_000);
  expect(said).toEqual(["next timed out at 10000", "third timed out at 10000"]);
});

test("one whose end fails keeps no other from its own, now and later", () => {
  const { deadlines, said, one, sweep } = withBrokenOne();
  expect(sweep).toThrow("broken");
  expect(said).toEqual(["behind it"]);
  expect(sweep).toThrow("broken");
  expect(said).toEqual(["behind it", "behind it"]);
  deadlines.forget(0, one);
});

/** The timer's callback is called by hand: what it throws is the process's. */
function withBrokenOne() {
  let armed: (() => void) | undefined;
  const clock = {
    ...createFakeClock(),
    after: (_: number, callback: () => void) => {
      armed = callback;
      return { cancel: () => (armed = undefined) };
    },
  };
  const deadlines = createDeadlines(clock);
  const said: string[] = [];
  const connection = { openedAt: 0, lastActivityAt: 0, lingersAt: () => false } as unknown as Connection;
  const watched = (timedOut: () => void) => ({
    connection,
    inactivityTimeout: () => 0,
    totalTimeout: 0,
    isWaiting: () => false,
    timedOut,
  });
  const one = watched(() => {
    throw new Error("broken");
  });
  deadlines.watch(one);
  deadlines.watch(watched(() => void said.push("behind it")));
  const sweep = (): void => {
    const due = armed;
    armed = undefined;
    if (due === undefined) throw new Error("no timer runs");
    due();
  };
  return { deadlines, said, one, sweep };
}
