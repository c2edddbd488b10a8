import { expect, test } from "vitest";
import { hadTurn, joins, newShares, turnOf } from "./fair-shares.ts";

/** Who is next, so often, while those wait always. */
function order(
  shares: ReturnType<typeof newShares>,
  waiting: readonly string[],
  turns: number,
  weights: Readonly<Record<string, number>> = {},
): string[] {
  return Array.from({ length: turns }, () => {
    const [next = ""] = [...waiting].sort((a, b) => turnOf(shares, a) - turnOf(shares, b));
    hadTurn(shares, next, weights[next] ?? 1);
    return next;
  });
}

test("each has its turn, also one that comes late, and nobody has saved up any", () => {
  const shares = newShares();
  joins(shares, "erp");
  order(shares, ["erp"], 100);
  joins(shares, "helpdesk");
  expect(order(shares, ["erp", "helpdesk"], 4).sort()).toEqual(["erp", "erp", "helpdesk", "helpdesk"]);
});

test("whoever waits with one message at a time does not pass the others by", () => {
  const shares = newShares();
  joins(shares, "erp");
  const turns: string[] = [];
  for (let n = 0; n < 10; n++) {
    joins(shares, "helpdesk");
    turns.push(...order(shares, ["erp", "helpdesk"], 1));
  }
  expect(turns.filter((name) => name === "erp")).toHaveLength(5);
});

test("by weight, evenly, and nobody waits for ever", () => {
  const shares = newShares();
  const waiting = ["news", "erp", "alarm"];
  for (const application of waiting) joins(shares, application);
  const turns = order(shares, waiting, 210, { news: 1, erp: 4, alarm: 16 });
  const count = (application: string): number => turns.filter((name) => name === application).length;
  expect(waiting.map(count)).toEqual([10, 40, 160]);
  // In each round each has a turn.
  for (let at = 0; at + 24 <= turns.length; at += 24) expect(turns.slice(at, at + 24)).toContain("news");
});

test("few are remembered", () => {
  const shares = newShares();
  for (let n = 0; n < 5000; n++) {
    joins(shares, `app${n}`);
    hadTurn(shares, `app${n}`, 1);
    shares.now += 2;
  }
  expect(shares.turns.size).toBeLessThanOrEqual(1001);
});
