import { beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createGroupCommit, type GroupCommit } from "./group-commit.ts";
import type { Write } from "./store.ts";
import type { SpoolError } from "../spool.ts";

const clock = createFakeClock();
const write = (name: string): Write => ({ table: "queue", key: Buffer.from(name), value: undefined });

let commits: string[];
/** Those that may use the reserve of a full disk. */
let reserved: string[];
let inFlight: { resolve: () => void; reject: (error: Error) => void } | undefined;
/** Names whose commits fail; every commit waits to be answered when `byHand`. */
let failing: Set<string>;
let byHand: boolean;
let faults: SpoolError[];
let group: GroupCommit;

beforeEach(() => {
  commits = [];
  reserved = [];
  failing = new Set();
  byHand = false;
  faults = [];
  inFlight = undefined;
  group = createGroupCommit({
    clock,
    commit: (writes, mayUseReserve) => {
      const names = writes.map(({ key }) => key.toString());
      commits.push(names.join(" "));
      if (mayUseReserve) reserved.push(names.join(" "));
      if (byHand) return new Promise((resolve, reject) => (inFlight = { resolve, reject }));
      return names.some((name) => failing.has(name)) ? Promise.reject(new Error("no")) : Promise.resolve();
    },
    onFault: (fault) => faults.push(fault),
  });
});

test("gathers while a commit is in flight; the next one takes all", async () => {
  byHand = true;
  const first = group.once([write("a")]);
  await clock.settle();
  const rest = [group.once([write("b")]), group.lasting(1, [write("c")]), group.once([write("d")])];
  await clock.settle();
  expect(commits).toEqual(["a"]);
  inFlight?.resolve();
  await first;
  await clock.settle();
  expect(commits).toEqual(["a", "b c d"]);
  inFlight?.resolve();
  await Promise.all(rest);
});

test("what one turn brings, and what follows from a commit, shares one", async () => {
  const follow = async (name: string) => {
    await group.once([write(name)]);
    await group.lasting(1, [write(`${name}2`)]);
  };
  await Promise.all(["a", "b", "c"].map(follow));
  expect(commits).toEqual(["a b c", "a2 b2 c2"]);
});

test("rejects every once-task of a failed group, and says so once", async () => {
  failing.add("b");
  const outcomes = await Promise.allSettled(["a", "b"].map((name) => group.once([write(name)])));
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(faults).toMatchObject([{ name: "SpoolError", code: "failed" }]);
  await group.once([write("c")]);
});

test("repeats lasting tasks, in halves, each message's in order", async () => {
  failing.add("x");
  const done: string[] = [];
  const lasting = (id: number, name: string) =>
    group.lasting(id, [write(name)]).then(() => {
      done.push(name);
    });
  const first = [lasting(1, "x"), lasting(2, "a"), lasting(1, "y"), lasting(3, "b")];
  await clock.settle();
  expect(commits).toEqual(["x a y b", "x a y b", "x a", "x", "a", "b"]);
  const second = lasting(1, "z");
  const other = lasting(4, "c");
  await clock.settle();
  expect(commits.at(-1)).toBe("c");
  failing.clear();
  await clock.advance(500);
  await Promise.all([...first, second, other]);
  expect(commits.at(-1)).toBe("x y z");
  expect(clock.pendingTimers).toBe(0);
});

test("behind what is stuck new mail is committed by itself, and fails by itself", async () => {
  failing.add("x").add("n");
  const stuck = group.lasting(1, [write("x")]);
  await clock.settle();
  commits.length = 0;
  await Promise.all([
    group.once([write("m")]),
    group.lasting(2, [write("c"), write("d")]),
    group.once([write("o")]),
  ]);
  expect(commits).toEqual(["m o", "c d"]);
  await Promise.all([
    expect(group.once([write("n")])).rejects.toMatchObject({ code: "failed" }),
    group.lasting(3, [write("e")]),
  ]);
  expect(commits).toEqual(["m o", "c d", "n", "e"]);
  failing.clear();
  await clock.advance(500);
  await stuck;
});

test("only changes may use the reserve", async () => {
  await group.once([write("m")]);
  await group.lasting(1, [write("a")]);
  await Promise.all([group.once([write("n")]), group.lasting(1, [write("b")])]);
  expect(commits).toEqual(["m", "a", "n b"]);
  expect(reserved).toEqual(["a"]);
  failing.add("x");
  const stuck = group.lasting(1, [write("x")]);
  await clock.settle();
  reserved.length = 0;
  await Promise.all([group.once([write("o")]), group.lasting(2, [write("c")])]);
  expect(reserved).toEqual(["c"]);
  failing.clear();
  await clock.advance(500);
  await stuck;
  expect(reserved).toEqual(["c", "x"]);
});

test("one pass over many that fail leaves the rest for later", async () => {
  const names = Array.from({ length: 40 }, (_, n) => `x${n}`);
  for (const name of names) failing.add(name);
  const stuck = names.map((name, n) => group.lasting(n, [write(name)]));
  await clock.settle();
  expect(commits).toHaveLength(1 + 16);
  expect(commits[0]).toBe(names.join(" "));
  await clock.advance(499);
  expect(commits).toHaveLength(17);
  await clock.advance(1);
  expect(commits).toHaveLength(17 + 16);
  failing.clear();
  await clock.advance(500);
  await Promise.all(stuck);
  expect(commits.at(-1)).toBe(names.join(" "));
});

test("tried is told when all so far has been, well or not", async () => {
  byHand = true;
  await group.tried();
  const first = group.once([write("a")]);
  await clock.settle();
  let tried = 0;
  void group.tried().then(() => tried++);
  const second = group.once([write("b")]);
  void group.tried().then(() => (tried += 10));
  await clock.settle();
  expect(tried).toBe(0);
  inFlight?.resolve();
  await first;
  await clock.settle();
  expect(tried).toBe(1);
  inFlight?.reject(new Error("no"));
  await expect(second).rejects.toMatchObject({ code: "failed" });
  await clock.settle();
  expect(tried).toBe(11);
});

test("close tries once more, then rejects", async () => {
  failing.add("x");
  const stuck = group.lasting(1, [write("x")]);
  await group.tried();
  await Promise.all([expect(stuck).rejects.toMatchObject({ code: "closed" }), group.close()]);
  await expect(group.once([write("a")])).rejects.toMatchObject({ code: "closed" });
  expect(clock.pendingTimers).toBe(0);
});
