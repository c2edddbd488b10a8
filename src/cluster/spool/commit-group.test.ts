/** When a call begins. What a call does is shown on a real database (test/contracts). */
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../database/database.ts";
import type { SpoolError } from "../../spool/spool.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";
import type { Membership } from "../membership/membership.ts";
import { createCommitGroup, type Task } from "./commit-group.ts";

// A turn of a busy machine may take longer than a call waits.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** A database that answers when it is told to, and how much each call held. */
function setUp(onFault: (fault: SpoolError) => void = (fault) => expect.unreachable(fault.message)) {
  const held: number[] = [];
  const waiting: ((fault?: DatabaseFault) => void)[] = [];
  const session = {
    callFunction: () =>
      new Promise<string>((resolve, reject) =>
        waiting.push((fault) => (fault === undefined ? resolve("|0") : reject(fault))),
      ),
  };
  const membership = { current: { nodeId: 1 }, fault: undefined, onUnsafe: () => undefined };
  const group = createCommitGroup({
    database: { commits: [session], name: (name: string) => name } as unknown as Database,
    membership: membership as unknown as Membership,
    onFault,
    onCommit: (works) => held.push(works),
  });
  let id = 0;
  const task = (): Task => ({
    accepts: [{ id: ++id, arrivedAt: 1, isOwned: true, record: Buffer.from("m"), chunks: 0 }],
  });
  return { group, task, waiting, held };
}

async function untilBegun(waiting: readonly unknown[]): Promise<void> {
  while (waiting.length === 0) await nextTurn();
}

test("what comes in the turns behind it shares the call of the first", async () => {
  const { group, task, waiting, held } = setUp();
  const all = [group.run(task())];
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    all.push(group.run(task()));
  }
  await untilBegun(waiting);
  waiting[0]?.();
  await Promise.all(all);
  expect(held).toEqual([4]);
});

test("a call begins though each turn brings more to it for ever", async () => {
  const { group, task, waiting, held } = setUp();
  const all: Promise<unknown>[] = [];
  for (let turn = 0; turn < 8; turn++) {
    all.push(group.run(task()));
    vi.advanceTimersByTime(1);
    await nextTurn();
  }
  expect(waiting).toHaveLength(1);
  waiting[0]?.();
  await expect.poll(() => waiting).toHaveLength(2);
  waiting[1]?.();
  await Promise.all(all);
  expect(held).toEqual([3, 5]);
});

test("a lone one waits for a turn, not for more", async () => {
  const { group, task, waiting, held } = setUp();
  const lone = group.run(task());
  await nextTurn();
  await nextTurn();
  expect(waiting).toHaveLength(1);
  waiting[0]?.();
  await lone;
  expect(held).toEqual([1]);
});

test("what was gathered behind a call that has no answer is given up in time, as what that call holds", async () => {
  const faults: string[] = [];
  const { group, task, waiting, held } = setUp(({ message }) => void faults.push(message));
  const told: string[] = [];
  const hear = (who: string, outcome: Promise<unknown>) =>
    outcome.then(
      () => told.push(`${who} done`),
      ({ code }: SpoolError) => told.push(`${who} ${code}`),
    );
  const first = hear("first", group.run(task()));
  await untilBegun(waiting);
  vi.advanceTimersByTime(5_000);
  const second = hear("second", group.run(task()));
  vi.advanceTimersByTime(24_000);
  await nextTurn();
  expect(told).toEqual([]);
  vi.advanceTimersByTime(2_000);
  await first;
  expect(told).toEqual(["first undecided"]);
  vi.advanceTimersByTime(5_000);
  await second;
  expect(told).toEqual(["first undecided", "second away"]);
  // Of the first it is still to be known; of the second nothing is done.
  waiting[0]?.();
  await group.tried();
  expect([held, waiting.length, faults]).toEqual([[1], 1, []]);
  await group.close();
});
