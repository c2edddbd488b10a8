import { beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createGroupCommit, type GroupCommit } from "./group-commit.ts";
import type { Write } from "./store.ts";
import type { SpoolError } from "../spool.ts";

const clock = createFakeClock();
const write = (name: string): Write => ({ table: "queue", key: Buffer.from(name), value: undefined });

let commits: string[];
let inFlight: { resolve: () => void; reject: (error: Error) => void } | undefined;
/** Names whose commits fail; every commit waits to be answered when `byHand`. */
let failing: Set<string>;
let byHand: boolean;
let faults: SpoolError[];
let group: GroupCommit;

beforeEach(() => {
  commits = [];
  failing = new Set();
  byHand = false;
  faults = [];
  inFlight = undefined;
  group = createGroupCommit({
    clock,
    commit: (writes) => {
      const names = writes.map(({ key }) => key.toString());
      commits.push(names.join(" "));
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

test("close tries once more, then rejects", async () => {
  failing.add("x");
  const stuck = group.lasting(1, [write("x")]);
  await group.tried();
  await Promise.all([expect(stuck).rejects.toMatchObject({ code: "closed" }), group.close()]);
  await expect(group.once([write("a")])).rejects.toMatchObject({ code: "closed" });
  expect(clock.pendingTimers).toBe(0);
});
