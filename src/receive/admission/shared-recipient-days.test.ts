import { expect, test } from "vitest";
import type { OwnedLimit, RightsOwner } from "../../core/policy/client-rights.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createMemoryShares } from "../../testing/memory-shares.ts";
import { createSharedRecipientDays } from "./shared-recipient-days.ts";

const erp: RightsOwner = { kind: "user", name: "erp", rights: {} };
const shop: RightsOwner = { kind: "application", name: "shop", rights: {} };
const rates = (user: number, application = Infinity): readonly OwnedLimit<number>[] => [
  { owner: erp, value: user },
  { owner: shop, value: application },
];
const setUp = () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 15, 12, 1));
  const shares = createMemoryShares(() => clock.now());
  const nodes = [createSharedRecipientDays(clock, shares), createSharedRecipientDays(clock, shares)] as const;
  return { clock, shares, nodes };
};

test("a limit holds over both nodes, exactly, and most messages ask nobody", async () => {
  const { nodes, shares } = setUp();
  let taken = 0;
  for (let n = 0; n < 1_200; n++) {
    const came = await nodes[n % 2 ? 1 : 0].take([{ owner: erp, value: 1_000 }], 1);
    if (typeof came === "function") taken++;
    else expect(came).toMatchObject({ owner: erp, limit: 1_000 });
    if (taken === 500) expect(shares.calls).toBeLessThan(50);
  }
  expect(taken).toBeLessThanOrEqual(1_000);
  expect(taken).toBeGreaterThan(985);
  expect(nodes[0].over([{ owner: erp, value: 1_000 }], 20)).toMatchObject({ owner: erp, limit: 1_000 });
});

test("of many at the same moment no more are taken than the limit", async () => {
  const { nodes } = setUp();
  const came = await Promise.all(
    Array.from({ length: 60 }, (_, n) => Promise.resolve(nodes[n % 2 ? 1 : 0].take(rates(100, 200), 3))),
  );
  const taken = came.filter((one) => typeof one === "function").length;
  expect(taken * 3).toBeLessThanOrEqual(100);
  expect(taken * 3).toBeGreaterThan(85);
});

test("what is not kept is given back, and what is not used is the others' after a while", async () => {
  const { clock, nodes } = setUp();
  const first = await nodes[0].take(rates(100), 90);
  if (typeof first !== "function") throw new Error("refused");
  expect(typeof (await nodes[1].take(rates(100), 90))).toBe("object");
  first();
  await clock.advance(150_000);
  expect(typeof (await nodes[1].take(rates(100), 90))).toBe("function");
  await clock.advance(25 * 3_600_000);
  expect(typeof (await nodes[0].take(rates(100), 100))).toBe("function");
});

test("while nobody answers, what is left of the share is taken, and nobody is told that a limit is reached", async () => {
  const { nodes, shares } = setUp();
  await nodes[0].take([{ owner: erp, value: 160 }], 1);
  shares.isAway = true;
  for (let n = 0; n < 9; n++) expect(typeof nodes[0].take([{ owner: erp, value: 160 }], 1)).toBe("function");
  await expect(nodes[0].take([{ owner: erp, value: 160 }], 1)).rejects.toThrow(/nobody answers/);
});

test("a node that stops gives back what it holds, and each sees what all have used", async () => {
  const { clock, nodes } = setUp();
  await nodes[0].take([{ owner: erp, value: 160 }], 1);
  await nodes[0].close();
  expect(nodes[1].used(erp)).toBe(0);
  await clock.settle();
  expect(nodes[1].used(erp)).toBe(1);
});
