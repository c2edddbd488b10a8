/** When a call begins. What a call does is shown on a real database (test/contracts). */
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { createCommitGroup, type Task } from "./commit-group.ts";

// A turn of a busy machine may take longer than a call waits.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** A database that answers when it is told to, and how much each call held. */
function setUp() {
  const held: number[] = [];
  const waiting: (() => void)[] = [];
  const session = {
    callFunction: () => new Promise<string>((resolve) => waiting.push(() => resolve("|0"))),
  };
  const membership = { current: { nodeId: 1 }, fault: undefined, onUnsafe: () => undefined };
  const group = createCommitGroup({
    database: { commits: [session], name: (name: string) => name } as unknown as Database,
    membership: membership as unknown as Membership,
    onFault: (fault) => expect.unreachable(fault.message),
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
