import { expect, test } from "vitest";
import type { Charge, WouldRefuse } from "./ledger.ts";
import { createWatchedCounts } from "./watched-counts.ts";

const total = {
  limit: "maxInboundConnection",
  limits: {
    maxInboundConnection: 2,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
  },
} as unknown as WouldRefuse["by"];
const perSource = {
  limit: "maxInboundConnectionPerSource",
  limits: {
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: 1,
    maxInboundConnectionPercentagePerSource: 100,
  },
} as unknown as WouldRefuse["by"];

test("who would have been refused is left out of what the limit sees, by its limit and connector, until it goes", () => {
  const counts = createWatchedCounts();
  const look = (open: number, openFromSource: number, source = "a", connector = "In") =>
    counts
      .look(connector, source, [total, perSource], { open, openFromSource })
      ?.map(({ by, refused }) => `${by.limit} ${refused.seen}`);
  expect(counts.look("In", "a", undefined, { open: 9, openFromSource: 9 })).toBeUndefined();
  expect(look(1, 0)).toBeUndefined();
  expect(look(2, 1)).toEqual(["maxInboundConnection 2", "maxInboundConnectionPerSource 1"]);
  const found = counts.look("In", "a", [total], { open: 2, openFromSource: 1 }) ?? [];
  const ends = [1, 2].map(() => counts.leaveOut("In", "a", found));
  // Two of those that are there are not there for the total; for the source's limit they are.
  expect(look(3, 1)).toEqual(["maxInboundConnectionPerSource 1"]);
  expect(look(4, 0)).toEqual(["maxInboundConnection 2"]);
  expect(look(2, 0, "a", "Other")).toEqual(["maxInboundConnection 2"]);
  ends[0]?.();
  expect(look(3, 0)).toEqual(["maxInboundConnection 2"]);
  ends[1]?.();
  expect(look(2, 0)).toEqual(["maxInboundConnection 2"]);
  const ofSource = counts.look("In", "a", [perSource], { open: 1, openFromSource: 1 }) ?? [];
  const end = counts.leaveOut("In", "a", ofSource);
  const other = counts.leaveOut("In", "b", ofSource);
  expect([look(2, 1), look(2, 1, "c")]).toEqual([
    ["maxInboundConnection 2"],
    ["maxInboundConnection 2", "maxInboundConnectionPerSource 1"],
  ]);
  end();
  expect(look(0, 1)).toEqual(["maxInboundConnectionPerSource 1"]);
  expect(look(0, 1, "b")).toBeUndefined();
  other();
  expect(look(0, 1, "b")).toEqual(["maxInboundConnectionPerSource 1"]);
});

test("what would have been allowed in a minute is counted, what would not is told with what was seen", () => {
  const counts = createWatchedCounts();
  const charge = { key: "k", limit: 2 } as unknown as Charge;
  const spent = { refused: undefined } as unknown as Parameters<typeof counts.spend>[0];
  expect(counts.spend(spent, undefined, 100)).toBe(spent);
  expect([100, 130].map((second) => counts.spend(spent, charge, second))).toEqual([spent, spent]);
  expect(counts.spend(spent, charge, 159)).toEqual({ ...spent, wouldRefuseAt: 2 });
  // The first of the two is a minute old, and what was refused did not count.
  expect(counts.spend(spent, charge, 160)).toBe(spent);
  expect(counts.spend(spent, charge, 161)).toEqual({ ...spent, wouldRefuseAt: 2 });
  const refused = { refused: {} } as unknown as typeof spent;
  const other = { ...charge, key: "o" };
  for (let n = 0; n < 3; n++) expect(counts.spend(refused, other, 162)).toBe(refused);
  expect(counts.spend(spent, other, 162)).toBe(spent);
});
