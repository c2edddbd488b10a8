/** The thread that searches: when it begins, when it rests, and what its end does to those who wait. */
import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { openSearchThread, type Answer, type Question, type SearchThread } from "./search-thread.ts";

class FakeWorker extends EventEmitter {
  readonly asked: Question[] = [];
  isHeld = true;
  ended = 0;
  constructor() {
    super();
    workers.push(this);
  }
  postMessage(question: Question): void {
    this.asked.push(question);
  }
  unref(): void {
    this.isHeld = false;
  }
  terminate(): Promise<number> {
    this.ended++;
    return Promise.resolve(0);
  }
  answer(answer: Partial<Answer> = {}): void {
    const { id } = this.asked.findLast(({ ask }) => ask !== "end")!;
    this.emit("message", { id, ...answer });
  }
}
let workers: FakeWorker[] = [];
vi.mock("node:worker_threads", () => ({
  Worker: function (): FakeWorker {
    return new FakeWorker();
  },
}));

let clock: FakeClock;
let thread: SearchThread;
beforeEach(() => {
  workers = [];
  clock = createFakeClock();
  thread = openSearchThread({ directory: "/d", prefix: "MSGTRK", extension: ".LOG" }, clock);
});
const worker = (): FakeWorker => workers.at(-1)!;
const index = async (): Promise<void> => {
  const indexed = thread.index();
  worker().answer();
  await indexed;
};
const filter = { resultSize: 5 };

test("begins with the first question, keeps no process alive, and goes on with the next", async () => {
  expect(workers).toEqual([]);
  await index();
  await index();
  expect([workers.length, worker().isHeld]).toEqual([1, false]);
  expect(worker().asked.map(({ ask }) => ask)).toEqual(["index", "index"]);
  expect(worker().asked[0]?.id).not.toBe(worker().asked[1]?.id);
});

describe("rests", () => {
  test("after a minute without a question, and begins anew with the next", async () => {
    await index();
    await clock.advance(59_999);
    expect(worker().ended).toBe(0);
    await clock.advance(1);
    expect(worker().ended).toBe(1);
    await index();
    expect(workers).toHaveLength(2);
  });

  test("a minute after the last question, not the first", async () => {
    await index();
    await clock.advance(30_000);
    await index();
    await clock.advance(59_999);
    expect(worker().ended).toBe(0);
    await clock.advance(1);
    expect([worker().ended, clock.pendingTimers]).toEqual([1, 0]);
  });

  test("not while it owes an answer", async () => {
    await index();
    const slow = thread.index();
    await clock.advance(600_000);
    expect(worker().ended).toBe(0);
    worker().answer();
    await slow;
    await clock.advance(60_000);
    expect(worker().ended).toBe(1);
  });

  test("not while a search is open, however slowly it is read, and a minute behind its end", async () => {
    const search = thread.records(filter);
    const first = search.next();
    worker().answer({ piece: [] });
    expect(await first).toEqual({ done: false, value: [] });
    await clock.advance(600_000);
    expect(worker().ended).toBe(0);
    await search.return();
    expect(worker().asked.map(({ ask }) => ask)).toEqual(["records", "end"]);
    await clock.advance(59_999);
    expect(worker().ended).toBe(0);
    await clock.advance(1);
    expect(worker().ended).toBe(1);
  });
});

test("a search gives its pieces until there are no more", async () => {
  const search = thread.lines(filter);
  const pieces = [Buffer.from("a"), Buffer.from("b")];
  for (const piece of pieces) {
    const next = search.next();
    worker().answer({ piece });
    expect((await next).value).toBe(piece);
  }
  const last = search.next();
  worker().answer();
  expect(await last).toEqual({ done: true, value: undefined });
  expect(worker().asked).toEqual([
    { id: 1, ask: "lines", filter },
    { id: 1, ask: "next" },
    { id: 1, ask: "next" },
    { id: 1, ask: "end" },
  ]);
});

describe("faults", () => {
  test("of one question reject that one", async () => {
    const asked = thread.index();
    worker().answer({ fault: "EACCES" });
    await expect(asked).rejects.toThrow("the message tracking log cannot be searched: EACCES");
    await index();
    expect(workers).toHaveLength(1);
  });

  test.each<[string, string | RegExp, (ended: FakeWorker) => void]>([
    ["an error", "out of memory", (ended) => ended.emit("error", new Error("out of memory"))],
    ["an odd error", "odd", (ended) => ended.emit("error", "odd")],
    ["an end", "ended early", (ended) => ended.emit("exit", 1)],
  ])(
    "of the thread, %s, reject all that wait; the next question begins another",
    async (_, words, happen) => {
      const all = [thread.index(), thread.records(filter).next()];
      const ended = worker();
      happen(ended);
      for (const asked of all) await expect(asked).rejects.toThrow(words);
      const asked = thread.index();
      expect(workers).toHaveLength(2);
      // What the old one still says concerns nobody.
      happen(ended);
      worker().answer();
      await asked;
    },
  );

  test("end a search that goes on: another thread knows nothing of it", async () => {
    const search = thread.records(filter);
    const first = search.next();
    worker().answer({ piece: [] });
    await first;
    worker().emit("exit", 1);
    await expect(search.next()).rejects.toThrow("ended early");
    expect(workers).toHaveLength(1);
  });
});

test("closed, it answers nothing any more", async () => {
  const asked = thread.index();
  const closed = thread.close();
  await expect(asked).rejects.toThrow("closed");
  await closed;
  expect([worker().ended, clock.pendingTimers]).toEqual([1, 0]);
  await expect(thread.index()).rejects.toThrow("closed");
  expect(workers).toHaveLength(1);
  await thread.close();
  expect(worker().ended).toBe(1);
});

test("closed while it rests, its time to rest is over", async () => {
  await index();
  expect(clock.pendingTimers).toBe(1);
  await thread.close();
  expect(clock.pendingTimers).toBe(0);
});
