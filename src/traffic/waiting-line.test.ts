import { expect, test } from "vitest";
import { QueueFull } from "../core/what-if/queue-full.ts";
import { createWaitingLine } from "./waiting-line.ts";

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
  const line = createWaitingLine(8);
  const [first, second, third] = [work(1), work(2), work(3)];
  const heard: [string, number][] = [];
  const answers = [
    line.take(first.run, { onAhead: (ahead) => heard.push(["first", ahead]) }),
    line.take(second.run, { onAhead: (ahead) => heard.push(["second", ahead]) }),
    line.take(third.run, { onAhead: (ahead) => heard.push(["third", ahead]) }),
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
  await line.idle();
});

test("one more than may wait is refused, with how many come first; who leaves makes room at once", async () => {
  const line = createWaitingLine(2);
  const running = work("running");
  const leaving = new AbortController();
  const all = [line.take(running.run), line.take(() => Promise.resolve("second"))];
  const left = line.take(() => Promise.resolve("never"), { signal: leaving.signal });
  await expect(line.take(() => Promise.resolve("never"))).rejects.toMatchObject({ ahead: 3 });
  leaving.abort();
  await expect(left).rejects.toThrow("aborted");
  all.push(line.take(() => Promise.resolve("third")));
  await expect(line.take(() => Promise.resolve("never"))).rejects.toBeInstanceOf(QueueFull);
  running.end();
  expect(await Promise.all(all)).toEqual(["running", "second", "third"]);
});

test("the other half of a question comes before those that wait, however many they are", async () => {
  const line = createWaitingLine(1);
  const other = work("other");
  const order: string[] = [];
  const done = [
    line.take(other.run).then((answer) => order.push(answer)),
    line.take(() => Promise.resolve("waited")).then((answer) => order.push(answer)),
    line.take(() => Promise.resolve("half"), { isNext: true }).then((answer) => order.push(answer)),
  ];
  other.end();
  await Promise.all(done);
  expect(order).toEqual(["other", "half", "waited"]);
});

test("work that fails lets the next begin", async () => {
  const line = createWaitingLine(1);
  const failing = line.take(() => Promise.reject(new Error("the disk")));
  const next = line.take(() => Promise.resolve("next"));
  await expect(failing).rejects.toThrow("the disk");
  expect(await next).toBe("next");
});
