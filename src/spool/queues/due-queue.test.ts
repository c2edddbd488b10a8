import { describe, expect, test } from "vitest";
import type { DueKey } from "../store/keys.ts";
import { byDue } from "../messages/recipients.ts";
import { DueQueue } from "./due-queue.ts";

const entry = (dueAt: number, id = dueAt): DueKey => ({ dueAt, id });

/** A queue over a sorted table in memory; `taken` names the ids that others hold. */
function over(...stored: readonly DueKey[]) {
  const table = [...stored];
  const taken = new Set<number>();
  const queue = new DueQueue();
  let scans = 0;
  const scan = (after: DueKey, limit: number): DueKey[] => {
    scans++;
    return table
      .toSorted(byDue)
      .filter((one) => byDue(one, after) > 0)
      .slice(0, limit);
  };
  const isTaken = ({ id }: DueKey): boolean => taken.has(id);
  return {
    queue,
    table,
    taken,
    scans: () => scans,
    next: () => queue.nextDueAt(scan, isTaken),
    /** Takes candidates as a claim does: they are held from then on. */
    take: (now: number, limit = 10): number[] => {
      const ids = queue.takeCandidates(now, limit, scan, isTaken).map(({ id }) => id);
      for (const id of ids) taken.add(id);
      return ids;
    },
    /** A claim has ended. */
    letGo: (one: DueKey): void => {
      taken.delete(one.id);
      queue.add(one);
    },
  };
}

describe("taking", () => {
  test("what is due, earliest first, as many as are wanted", () => {
    const { take } = over(entry(3), entry(1), entry(2), entry(9));
    expect(take(5, 2)).toEqual([1, 2]);
    expect(take(5, 2)).toEqual([3]);
    expect(take(5)).toEqual([]);
    expect(take(9)).toEqual([9]);
    expect(take(99)).toEqual([]);
  });

  test("nothing of what others hold", () => {
    const { take, taken } = over(entry(1), entry(2), entry(3));
    taken.add(2);
    expect(take(5)).toEqual([1, 3]);
  });

  test("a thousand, page by page, each once", () => {
    const { take } = over(...Array.from({ length: 1_000 }, (_, n) => entry(n + 1)));
    const found: number[] = [];
    for (let some = take(2_000, 7); some.length > 0; some = take(2_000, 7)) found.push(...some);
    expect(found).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
  });

  test("does not walk again over what is held", () => {
    const { take, scans } = over(...Array.from({ length: 1_000 }, (_, n) => entry(n + 1)));
    while (take(2_000, 100).length > 0);
    const before = scans();
    take(2_000, 100);
    expect(scans() - before).toBe(1);
  });
});

describe("what comes back", () => {
  test("behind the cursor is taken before later ones", () => {
    const all = over(entry(1), entry(2), entry(3), entry(4));
    expect(all.take(5, 3)).toEqual([1, 2, 3]);
    all.letGo(entry(2));
    all.letGo(entry(1));
    expect(all.take(5, 2)).toEqual([1, 2]);
    expect(all.take(5)).toEqual([4]);
  });

  test("before the cursor came there is found once", () => {
    const all = over(entry(1), entry(5), entry(6));
    expect(all.take(1)).toEqual([1]);
    all.letGo(entry(6));
    expect(all.take(9)).toEqual([5, 6]);
    expect(all.take(9)).toEqual([]);
  });

  test("and is removed is not handed out", () => {
    const all = over(entry(1), entry(2));
    all.take(5);
    all.letGo(entry(1));
    all.letGo(entry(2));
    all.queue.remove(entry(1));
    all.queue.remove(entry(9));
    expect(all.take(5)).toEqual([2]);
  });

  test("more than is remembered singly is found all the same", () => {
    const stored = Array.from({ length: 10_001 }, (_, n) => entry(n + 1));
    const all = over(...stored);
    while (all.take(99_999, 5_000).length > 0);
    for (const one of stored) all.letGo(one);
    let found = 0;
    for (let some = all.take(99_999, 5_000); some.length > 0; some = all.take(99_999, 5_000))
      found += some.length;
    expect(found).toBe(10_001);
  });
});

describe("what is put off", () => {
  const putOff = () => {
    const all = over(entry(1), entry(2), entry(3));
    all.take(5);
    all.taken.clear();
    all.queue.addLater(entry(1), 50);
    all.queue.addLater(entry(2), 40);
    all.queue.addLater(entry(3), 60);
    return all;
  };

  test("comes when its time has come, in the order it is due", () => {
    const all = putOff();
    expect([all.queue.putOff, all.next()]).toEqual([3, 40]);
    expect(all.take(39)).toEqual([]);
    expect(all.take(50)).toEqual([1, 2]);
    expect([all.queue.putOff, all.next()]).toEqual([1, 60]);
    expect(all.take(60)).toEqual([3]);
    expect([all.queue.putOff, all.next()]).toEqual([0, undefined]);
  });

  test("stays so when the cursor goes back", () => {
    const all = putOff();
    all.queue.rewind();
    expect(all.take(39)).toEqual([]);
    expect(all.next()).toBe(40);
  });

  test("is forgotten with its entry", () => {
    const all = putOff();
    all.queue.forget(2);
    all.queue.forget(9);
    expect([all.queue.putOff, all.next()]).toEqual([2, 50]);
    expect(all.take(60)).toEqual([1, 3]);
  });
});

describe("the next that is due", () => {
  test("is the first that nobody holds", () => {
    const all = over(entry(3), entry(7));
    expect(all.next()).toBe(3);
    all.taken.add(3);
    expect(all.next()).toBe(7);
    all.taken.add(7);
    expect(all.next()).toBeUndefined();
    expect(over().next()).toBeUndefined();
  });

  test("is not looked up again while nothing changed", () => {
    const all = over(entry(3), entry(7));
    all.next();
    const before = all.scans();
    expect([all.next(), all.scans() - before]).toEqual([3, 0]);
    all.queue.forget(7);
    all.next();
    expect(all.scans() - before).toBe(0);
    all.queue.forget(3);
    all.next();
    expect(all.scans() - before).toBe(1);
  });

  test.each([
    [2, 2],
    [5, 3],
  ])("an entry due at %d that was added makes it %d", (dueAt, next) => {
    const all = over(entry(3));
    all.next();
    all.table.push(entry(dueAt));
    all.queue.add(entry(dueAt));
    expect(all.next()).toBe(next);
  });

  test("where there was none", () => {
    const all = over();
    expect(all.next()).toBeUndefined();
    all.table.push(entry(4));
    all.queue.add(entry(4));
    expect(all.next()).toBe(4);
  });

  test("may have come back, or be on its way to the disk", () => {
    const all = over(entry(1), entry(8));
    all.take(1);
    expect(all.next()).toBe(8);
    all.letGo(entry(1));
    expect(all.next()).toBe(1);
    all.take(1);
    all.queue.pending.set(77, 4);
    expect(all.next()).toBe(4);
    all.taken.add(77);
    expect(all.next()).toBe(8);
    all.taken.delete(77);
    all.queue.pending.set(77, 9);
    expect(all.next()).toBe(8);
  });
});
