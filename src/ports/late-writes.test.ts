import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createLateWrites } from "./late-writes.ts";

function kept(write: () => Promise<void> = () => Promise.resolve()) {
  const clock = createFakeClock();
  const faults: unknown[] = [];
  let writes = 0;
  const late = createLateWrites(
    clock,
    5000,
    () => {
      writes++;
      return write();
    },
    (fault) => faults.push(fault),
  );
  return { clock, late, faults, writes: () => writes };
}

test("many changes are one write, after a while; the next change is another", async () => {
  const { clock, late, writes } = kept();
  late.changed();
  await clock.advance(3000);
  late.changed();
  expect(writes()).toBe(0);
  await clock.advance(2000);
  expect([writes(), clock.pendingTimers]).toEqual([1, 0]);
  late.changed();
  await clock.advance(5000);
  expect(writes()).toBe(2);
});

test("the end writes what is not written, at once, and nothing where all is", async () => {
  const { clock, late, writes } = kept();
  await late.close();
  expect(writes()).toBe(0);
  late.changed();
  await late.close();
  expect([writes(), clock.pendingTimers]).toEqual([1, 0]);
});

test("the end waits for a write under way; one that fails is told, and the next is tried", async () => {
  let end: (() => void) | undefined;
  const { clock, late, faults, writes } = kept(
    () =>
      new Promise(
        (resolve, reject) => (end = () => (writes() === 1 ? reject(new Error("full")) : resolve())),
      ),
  );
  late.changed();
  await clock.advance(5000);
  const closed = late.close();
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  await clock.settle();
  expect(isClosed).toBe(false);
  end?.();
  await closed;
  expect(faults).toEqual([new Error("full")]);
  late.changed();
  const again = late.close();
  await clock.settle();
  end?.();
  await again;
  expect([writes(), faults.length]).toEqual([2, 1]);
});
