import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { createMemoryShares, type MemoryShares } from "../../testing/memory-shares.ts";
import type { BudgetStore } from "./budget-file.ts";
import { openSendBudgets, type BudgetUser, type SendBudgets } from "./send-budgets.ts";

const minute = 60_000;
const noStore: BudgetStore = {
  read: () => Promise.reject(new Error("nothing is kept here")),
  write: () => Promise.reject(new Error("nothing is kept here")),
};
const user = (messagesPerMinute: number, recipientsPerDay: number): BudgetUser => ({
  connector: "Out",
  account: "login.test",
  perConnector: undefined,
  perMailbox: { messagesPerMinute, recipientsPerDay },
});

interface Node {
  readonly budgets: SendBudgets;
  /** When each began. */
  readonly began: number[];
  readonly putOff: string[];
  readonly takeBack: ((recipients: number) => void)[];
  ask(turns: number, recipients?: number): void;
}

let clock: FakeClock;
let shares: MemoryShares;
let lastId = 0;
const opened: Node[] = [];

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 15, 12, 1));
  shares = createMemoryShares(() => clock.now());
});
afterEach(async () => {
  shares.isAway = false;
  for (const { budgets } of opened.splice(0)) await budgets.close();
});

async function open(one: BudgetUser): Promise<Node> {
  const events = { wants: () => true, emit: () => undefined };
  const budgets = await openSendBudgets({ store: noStore, clock, events, shared: shares });
  budgets.join(one);
  const node: Node = {
    budgets,
    began: [],
    putOff: [],
    takeBack: [],
    ask(turns, recipients = 1) {
      for (let n = 0; n < turns; n++)
        budgets.ask(one, "a@contoso.test", {
          claim: {},
          id: ++lastId,
          arrivedAt: clock.now(),
          recipients,
          weight: 1,
          application: "app",
          begin: (unreached) => void (node.began.push(clock.now()), node.takeBack.push(unreached)),
          putOff: (afterMs, _need, by) => void node.putOff.push(`${by} ${Math.round(afterMs / minute)} min`),
        });
    },
  };
  opened.push(node);
  return node;
}

test.each([60, 1_200])(
  "the pace of %i a minute is kept by two nodes together, in few calls",
  async (rate) => {
    const nodes = await Promise.all([open(user(rate, Infinity)), open(user(rate, Infinity))]);
    // What is put off comes again, as a queue brings it.
    for (let second = 0; second < 120; second++) {
      for (const node of nodes) {
        node.putOff.length = 0;
        node.ask(rate < 100 ? 2 : 24);
      }
      await clock.advance(1_000);
    }
    const all = nodes.flatMap(({ began }) => began).toSorted((a, b) => a - b);
    const start = all[0] ?? 0;
    for (let from = start; from < start + 60_000; from += 5_000)
      expect(all.filter((at) => at >= from && at < from + minute).length).toBeLessThanOrEqual(rate);
    expect(all.filter((at) => at >= start + minute - 1_000).length).toBeGreaterThan(rate * 0.8);
    // Neither is left with nothing.
    for (const { began } of nodes) expect(began.length).toBeGreaterThan(all.length / 4);
    expect(shares.calls).toBeLessThan(rate < 100 ? 600 : all.length / 3);
  },
);

test("the recipients of a day are those of both nodes, exactly, and most are counted without a call", async () => {
  const [a, b] = await Promise.all([open(user(Infinity, 1_000)), open(user(Infinity, 1_000))]);
  for (let n = 0; n < 700; n++) {
    for (const node of [a, b]) node.ask(1);
    await clock.advance(50);
  }
  // What the other holds and does not use comes back when it has been idle.
  for (let n = 0; n < 200; n++) {
    a.ask(1);
    await clock.advance(1_000);
  }
  expect(a.began.length + b.began.length).toBeLessThanOrEqual(1_000);
  expect(a.began.length + b.began.length).toBeGreaterThanOrEqual(999);
  expect(a.putOff.every((one) => one.startsWith("day "))).toBe(true);
  expect(a.budgets.usage()[0]?.recipientsUsed).toBeGreaterThan(990);
});

test("what an attempt did not reach may be sent by this node, and what nobody uses is given back", async () => {
  const [a, b] = await Promise.all([open(user(Infinity, 100)), open(user(Infinity, 100))]);
  a.ask(1, 90);
  await clock.settle();
  a.takeBack[0]?.(40);
  a.ask(1, 40);
  await clock.settle();
  expect(a.began).toHaveLength(2);
  a.takeBack[1]?.(40);
  b.ask(1, 40);
  await clock.settle();
  expect([b.began, b.putOff]).toEqual([[], [expect.stringMatching(/^day /)]]);
  await clock.advance(2 * minute);
  b.ask(1, 40);
  await clock.settle();
  expect(b.began).toHaveLength(1);
});

test("while nobody answers, what is left of the share goes and nothing else; then it goes on", async () => {
  const a = await open(user(Infinity, 1_600));
  a.ask(1);
  await clock.settle();
  shares.isAway = true;
  a.ask(150);
  await clock.advance(10_000);
  // A sixteenth of what is left was borrowed.
  expect(a.began).toHaveLength(100);
  const { calls } = shares;
  await clock.advance(10_000);
  expect(shares.calls - calls).toBeLessThan(15);
  shares.isAway = false;
  await clock.advance(2_000);
  expect(a.began).toHaveLength(151);
});

test("more than a day's limit at once goes when nothing was sent, as on one node", async () => {
  const a = await open(user(Infinity, 50));
  a.ask(1, 80);
  await clock.settle();
  expect(a.began).toHaveLength(1);
  a.ask(1, 1);
  await clock.settle();
  expect(a.putOff).toEqual([expect.stringMatching(/^day /)]);
});

test("who looks at one node learns, a moment later, what the other has used", async () => {
  const [a, b] = await Promise.all([open(user(Infinity, 1_000)), open(user(Infinity, 1_000))]);
  for (const node of [a, b]) node.ask(1);
  await clock.advance(minute);
  a.ask(1, 400);
  await clock.advance(minute);
  const used = (): number => b.budgets.usage()[0]?.recipientsUsed ?? 0;
  used();
  await clock.settle();
  expect(used()).toBeGreaterThanOrEqual(402);
});
