import { expect, test } from "vitest";
import { QueueFull } from "../core/what-if/queue-full.ts";
import { createTurns } from "./turns.ts";

/** Work that ends when it is told to. */
function work<Result>(result: Result) {
  let end = (): void => undefined;
  const promise = new Promise<Result>((resolve) => (end = () => resolve(result)));
  let begun = false;
  const run = (): Promise<Result> => {
    begun = true;
    return promise;
  };
  return { run, end: () => end(), isBegun: () => begun };
}
const settle = () => new Promise((resolve) => void setImmediate(resolve));

test("one at a time, in order, and each is told how many come first", async () => {
  const turns = createTurns(8);
  const [first, second, third] = [work(1), work(2), work(3)];
  const heard: [string, number][] = [];
  const answers = [
    turns.take(first.run, { onAhead: (ahead) => heard.push(["first", ahead]) }),
    turns.take(second.run, { onAhead: (ahead) => heard.push(["second", ahead]) }),
    turns.take(third.run, { onAhead: (ahead) => heard.push(["third", ahead]) }),
  ];
  await settle();
  expect([first, second, third].map(({ isBegun }) => isBegun())).toEqual([true, false, false]);
  first.end();
  await settle();
  expect([second, third].map(({ isBegun }) => isBegun())).toEqual([true, false]);
  second.end();
  third.end();
  expect(await Promise.all(answers)).toEqual([1, 2, 3]);
  expect(heard).toEqual([
    ["second", 1],
    ["third", 2],
    ["second", 0],
    ["third", 1],
    ["third", 0],
  ]);
  await turns.idle();
});

test("one more than may wait is refused, with how many come first; who leaves makes room at once", async () => {
  const turns = createTurns(2);
  const running = work("running");
  const leaving = new AbortController();
  const all = [turns.take(running.run), turns.take(() => Promise.resolve("second"))];
  const left = turns.take(() => Promise.resolve("never"), { signal: leaving.signal });
  await expect(turns.take(() => Promise.resolve("never"))).rejects.toMatchObject({ ahead: 3 });
  leaving.abort();
  await expect(left).rejects.toThrow("aborted");
  all.push(turns.take(() => Promise.resolve("third")));
  await expect(turns.take(() => Promise.resolve("never"))).rejects.toBeInstanceOf(QueueFull);
  running.end();
  expect(await Promise.all(all)).toEqual(["running", "second", "third"]);
});

test("the other half of a question comes before those that wait, however many they are", async () => {
  const turns = createTurns(1);
  const other = work("other");
  const order: string[] = [];
  const done = [
    turns.take(other.run).then((answer) => order.push(answer)),
    turns.take(() => Promise.resolve("waited")).then((answer) => order.push(answer)),
    turns.take(() => Promise.resolve("half"), { isNext: true }).then((answer) => order.push(answer)),
  ];
  other.end();
  await Promise.all(done);
  expect(order).toEqual(["other", "half", "waited"]);
});

test("work that fails lets the next begin", async () => {
  const turns = createTurns(1);
  const failing = turns.take(() => Promise.reject(new Error("the disk")));
  const next = turns.take(() => Promise.resolve("next"));
  await expect(failing).rejects.toThrow("the disk");
  expect(await next).toBe("next");
});
