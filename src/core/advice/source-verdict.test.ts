import { expect, test } from "vitest";
import { growthPerWeek } from "./growth.ts";
import { learnedApplications, learnedRanges } from "./learned.ts";
import type { JudgedSource } from "./judged-use.ts";
import { verdictOf } from "./source-verdict.ts";
import type { DayOfSource } from "./use-facts.ts";

const dayMs = 86_400_000;
const day = (index: number, open: number, given: Partial<DayOfSource> = {}): DayOfSource => ({
  day: index * dayMs,
  open,
  openAtOnce: open,
  messages: open,
  connections: 10,
  lifeMs: 50_000,
  idleMs: 0,
  refused: 0,
  refusedInStorm: 0,
  ...given,
});
const idle = { lifeMs: 6_000_000, idleMs: 5_000_000 };
const days = (...values: readonly (number | DayOfSource)[]): DayOfSource[] =>
  values.map((value, index) => (typeof value === "number" ? day(index, value) : value));

test.each([
  ["ordinary days", days(5, 6, 7), 7, undefined],
  ["a burst of nine times the usual", days(5, 6, 7, 63), 63, undefined],
  ["ten times the usual, once", days(5, 6, 7, 70), 7, "flood"],
  ["ten times the usual, with too few days to tell", days(5, 6, 70), 70, undefined],
  ["ten times the usual, on two days of six", days(5, 6, 7, 5, 70, 70), 70, undefined],
  ["never closed, on the last day", days(5, 6, day(2, 40, idle)), 6, "leak"],
  ["never closed, and no more than twice the usual", days(5, 20, day(2, 40, idle)), 40, undefined],
  ["idle, and short", days(5, 6, day(2, 40, { lifeMs: 590_000, idleMs: 580_000 })), 40, undefined],
  ["never closed, always", days(day(0, 40, idle)), 7, "leak"],
  ["again and again", days(5, day(1, 90, { openAtOnce: 9, refusedInStorm: 400 })), 9, "storm"],
] as const)("%s", (_, given, need, kind) => {
  const verdict = verdictOf(given, "open");
  expect([verdict.need, verdict.outlier?.kind]).toEqual([need, kind]);
});

test.each([
  ["by two a week", [10, 12, 14, 16], 2 / 16],
  ["not at all", [10, 10, 10], 0],
  ["it shrinks", [16, 14, 12], 0],
  ["too few weeks", [10, 20], 0],
  ["more than is looked ahead for", [1, 20, 40], 0.25],
])("growth: %s", (_, weeks, part) => {
  const values = weeks.map((value, index) => ({ day: index * 7 * dayMs, value }));
  expect(growthPerWeek(values, (weeks.length - 1) * 7 * dayMs)).toBeCloseTo(part);
});

test("ranges of what came: a network where four of it did", () => {
  expect(
    learnedRanges(["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.0.7", "10.0.0.9", "2001:db8::/64"]),
  ).toEqual(["10.0.0.0/24", "10.0.1.1", "2001:db8::/64"]);
});

test("applications by the names that clients give, those that have one left out", () => {
  const source = (address: string, heloNames: readonly string[], application = ""): JudgedSource =>
    ({ use: { source: address, heloNames }, application }) as unknown as JudgedSource;
  const sources = [
    source("10.0.0.1", ["erp.contoso.com"]),
    source("10.0.0.2", ["erp.contoso.com"]),
    source("10.0.0.3", ["wiki"]),
    source("10.0.0.4", ["a.test", "b.test"]),
    source("10.0.0.5", ["[10.0.0.5]"]),
    source("10.0.0.6", ["x.test"], "Known"),
  ];
  expect(learnedApplications(sources, ["Wiki"])).toEqual([
    { name: "erp", addresses: ["10.0.0.1", "10.0.0.2"] },
    { name: "wiki 2", addresses: ["10.0.0.3"] },
    { name: "app 10.0.0.4", addresses: ["10.0.0.4"] },
    { name: "app 10.0.0.5", addresses: ["10.0.0.5"] },
  ]);
});
