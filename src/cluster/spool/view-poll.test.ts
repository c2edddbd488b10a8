import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { NodeAnswers } from "./node-answers.ts";
import { QueueView } from "./queue-view.ts";
import { createViewPoll } from "./view-poll.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A database with so many old versions of entries, in which "q" is due at 7, and whose transactions begin so late. */
function polled(versions: () => number, beginMs: () => number = () => 0) {
  const asked: string[] = [];
  const heldUpMs: number[] = [];
  const session = (by: string) => {
    const query = async (text: string): Promise<unknown[]> => {
      if (!text.includes("due_1")) return [];
      asked.push(by);
      return [{ versions: `${versions()}`, queue: "q", next_due: 7 }];
    };
    return {
      query,
      async transaction(work: (ask: typeof query) => Promise<unknown>) {
        if (beginMs() > 0) await new Promise((resolve) => setTimeout(resolve, beginMs()));
        return work(query);
      },
    };
  };
  const view = new QueueView();
  const poll = createViewPoll({
    database: {
      commit: session("between commits"),
      counts: session("beside commits"),
      name: (of: string) => of,
    } as never,
    group: {
      async between<Answer>(ask: () => Promise<Answer>) {
        const from = Date.now();
        const answer = await ask();
        heldUpMs.push(Date.now() - from);
        return answer;
      },
      unseen: () => [],
      waitsForStandby: () => undefined,
    } as never,
    view,
    answers: { size: 0 } as NodeAnswers,
    onFound: () => undefined,
  });
  return { poll, view, asked, heldUpMs };
}

test("due times are looked at each second between commits", async () => {
  const { poll, view, asked } = polled(() => 200_000);
  await poll.first();
  await vi.advanceTimersByTimeAsync(2_100);
  expect(asked).toEqual(["between commits", "between commits", "between commits"]);
  expect([view.nextDueAt("q"), view.dueFrom("q")]).toEqual([7, -Infinity]);
  poll.close();
});

test("with many old versions they are looked at with the counts, and hold up no commits", async () => {
  let versions = 200_001;
  const { poll, view, asked } = polled(() => versions);
  await poll.first();
  expect(asked).toEqual(["between commits", "beside commits"]);
  expect([view.nextDueAt("q"), view.dueFrom("q")]).toEqual([7, 7]);
  // Somebody ended the transaction, and a vacuum came.
  versions = 0;
  poll.soon();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(asked.slice(2)).toEqual(["beside commits", "between commits"]);
  poll.close();
});

test("a first look waits for a slow database, for no mail waits yet; later ones hold up commits for 100 ms at most", async () => {
  const { poll, heldUpMs } = polled(
    () => 0,
    () => 5_000,
  );
  const first = poll.first();
  await vi.advanceTimersByTimeAsync(5_000);
  await expect(first).resolves.toBe(0);
  poll.soon();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(heldUpMs.slice(1).filter((ms) => ms > 0)).toEqual([100]);
  poll.close();
});
