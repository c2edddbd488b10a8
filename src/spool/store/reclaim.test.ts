import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import type { Applier } from "./applier.ts";
import type { JournalState } from "./journal-state.ts";
import type { LmdbStore } from "./lmdb-store.ts";
import { createRest } from "./reclaim.ts";

function resting(more: { readonly isLarge?: boolean; readonly isCommitting?: boolean } = {}) {
  const clock = createFakeClock(0);
  const done: string[] = [];
  const note = (what: string) => () => Promise.resolve(void done.push(`${what} at ${clock.now()}`));
  const rest = createRest({
    clock,
    lmdb: {
      isLargeAndEmpty: () => more.isLarge ?? true,
      replaceFile: note("replaced"),
    } as unknown as LmdbStore,
    applier: { applyAll: note("applied"), isEmpty: true } as unknown as Applier,
    journal: { setAsideFor: (work: () => Promise<void>) => work() } as unknown as JournalState,
    isCommitting: () => more.isCommitting ?? false,
  });
  return { clock, done, rest };
}

test("rest comes when there was no commit for five seconds, and once", async () => {
  const { clock, done, rest } = resting();
  await clock.advance(4_000);
  rest.putOff();
  await clock.advance(5_999);
  expect(done).toEqual([]);
  await clock.advance(1);
  expect(done).toEqual(["applied at 10000", "replaced at 10000"]);
  await clock.advance(60_000);
  expect(done).toHaveLength(2);
  rest.putOff();
  await clock.advance(5_000);
  expect(done.slice(2)).toEqual(["applied at 75000", "replaced at 75000"]);
});

test.each([
  ["the file is small", { isLarge: false }],
  ["a commit is under way again", { isCommitting: true }],
])("nothing is replaced while %s", async (_, more) => {
  const { clock, done } = resting(more);
  await clock.advance(5_000);
  expect(done).toEqual(["applied at 5000"]);
});

test("nothing is done when it is closed", async () => {
  const { clock, done, rest } = resting();
  await rest.close();
  await clock.advance(60_000);
  expect([done, clock.pendingTimers]).toEqual([[], 0]);
});
