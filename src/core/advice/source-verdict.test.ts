import { expect, test } from "vitest";
import { ipRange } from "../units/ip-range.ts";
import { connectionCost } from "./connection-cost.ts";
import { grown, growthPerWeek } from "./growth.ts";
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
/** Half of the time, a minute each, is just idle. */
const justIdle = { lifeMs: 600_000, idleMs: 300_000 };
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
  ["never closed, always: a pool", days(...[0, 1, 2].map((at) => day(at, 40, idle))), 40, undefined],
  ["a pool, and a leak of it", days(...[9, 10, 12, 40].map((open, at) => day(at, open, idle))), 12, "leak"],
  [
    "a pool of four days in seven",
    days(2, 2, 3, ...[3, 4, 5, 6].map((at) => day(at, 40, idle))),
    40,
    undefined,
  ],
  ["as often as not never closed", days(2, 3, day(2, 40, idle), day(3, 40, idle)), 3, "leak"],
  ["idle for just half of the time", days(5, 6, day(2, 40, justIdle)), 6, "leak"],
  ["idle for less", days(5, 6, day(2, 40, { ...justIdle, idleMs: 299_000 })), 40, undefined],
  [
    "idle, and lasting less than a minute",
    days(5, 6, day(2, 40, { ...justIdle, lifeMs: 599_000 })),
    40,
    undefined,
  ],
  ["a leak of five", days(1, 1, day(2, 5, idle)), 1, "leak"],
  ["a leak of four harms nobody", days(1, 1, day(2, 4, idle)), 4, undefined],
  ["more than twice the usual by one", days(5, 19, day(2, 39, idle)), 19, "leak"],
  ["idle without a connection that came", days(5, 6, day(2, 40, { ...idle, connections: 0 })), 40, undefined],
  ["a flood of ten", days(1, 1, 1, 10), 1, "flood"],
  ["a flood of nine harms nobody", days(0.5, 0.5, 0.5, 9), 9, undefined],
  ["one less than ten times", days(5, 6, 7, 69), 69, undefined],
  ["two floods in ten days", days(5, 5, 5, 5, 5, 5, 5, 5, 70, 80), 5, "flood"],
  ["two floods in nine days", days(5, 5, 5, 5, 5, 5, 5, 70, 80), 80, undefined],
  ["once a month, and nothing otherwise", days(0, 0, 0, 0, 40), 40, undefined],
  ["never anything", days(0, 0, 0), 0, undefined],
  ["no days", [], 0, undefined],
  ["again and again", days(5, day(1, 90, { openAtOnce: 9, refusedInStorm: 400 })), 9, "storm"],
  [
    "again and again, by fewer than usual",
    days(50, day(1, 90, { openAtOnce: 9, refusedInStorm: 1 })),
    50,
    "storm",
  ],
] as const)("%s", (_, given, need, kind) => {
  const verdict = verdictOf(given, "open");
  expect([verdict.need, verdict.outlier?.kind]).toEqual([need, kind]);
});

test("messages know floods alone", () => {
  expect(verdictOf(days(5, 6, day(2, 40, idle)), "messages")).toMatchObject({ need: 40, outlier: undefined });
  expect(verdictOf(days(5, 6, 7, 70), "messages").outlier?.kind).toBe("flood");
});

test("a verdict has the figures of the worst day, and of the others", () => {
  const given = days(3, 5, day(2, 30, idle), day(3, 40, { ...idle, refusedInStorm: 7 }), 4, 5);
  expect(verdictOf(given, "open")).toEqual({
    highest: 40,
    highestDay: 3 * dayMs,
    need: 5,
    outlier: {
      kind: "leak",
      highest: 40,
      day: 3 * dayMs,
      days: 2,
      usual: 5,
      usualDays: 4,
      idlePart: 5 / 6,
      meanLifeMs: 600_000,
      refused: 7,
    },
    days: [
      { day: dayMs, value: 5 },
      { day: 5 * dayMs, value: 5 },
      { day: 4 * dayMs, value: 4 },
      { day: 0, value: 3 },
    ],
  });
});

test.each([
  ["by two a week", [10, 12, 14, 16], 2 / 16],
  ["not at all", [10, 10, 10], 0],
  ["it shrinks", [16, 14, 12], 0],
  ["too few weeks", [10, 20], 0],
  ["more than is looked ahead for", [1, 20, 40], 0.25],
  ["from nothing", [0, 0, 10], 0.25],
  ["nothing ever", [0, 0, 0], 0],
  ["by just a twentieth", [18, 19, 20], 0.05],
  ["by less than a twentieth", [19, 20, 21], 0],
])("growth: %s", (_, weeks, part) => {
  const values = weeks.map((value, index) => ({ day: index * 7 * dayMs, value }));
  expect(growthPerWeek(values, (weeks.length - 1) * 7 * dayMs)).toBeCloseTo(part);
});

test("growth is that of the highest of each week, counted back from the last instant", () => {
  const values = [0, 3, 7, 8, 14, 20].map((at, index) => ({
    day: at * dayMs,
    value: [2, 10, 12, 1, 3, 14][index] ?? 0,
  }));
  expect(growthPerWeek(values, 20 * dayMs)).toBeCloseTo(2 / 14);
  // What lies ahead of it is of the last week.
  expect(growthPerWeek([...values, { day: 22 * dayMs, value: 14 }], 20 * dayMs)).toBeCloseTo(2 / 14);
  expect(grown(100, 0.05)).toBe(120);
});

test.each([
  [0, { descriptors: 0, memoryBytes: 0 }],
  [5000, { descriptors: 5000, memoryBytes: 100_000_000 }],
  [Infinity, null],
])("what %s connections cost", (connections, cost) => {
  expect(connectionCost(connections)).toEqual(cost);
});

test("ranges of what came: a network where four of it did", () => {
  expect(
    learnedRanges(
      ["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.0.7", "10.0.0.9", "2001:db8::/64"],
      ["0.0.0.0/0", "2001:db8::/32"].map(ipRange),
    ),
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

test("many of one name are one application, and no more than two hundred are proposed", () => {
  const source = (n: number, heloName: string): JudgedSource =>
    ({
      use: { source: `10.0.${n >> 8}.${n & 255}`, heloNames: [heloName] },
      application: "",
    }) as unknown as JudgedSource;
  const many = Array.from({ length: 20_000 }, (_, n) => source(n, "web.test"));
  expect(learnedApplications(many, [])).toMatchObject([{ name: "web", addresses: { length: 20_000 } }]);
  const named = Array.from({ length: 250 }, (_, n) => source(n, `app${n}.test`));
  const learned = learnedApplications([...named, source(251, "app7.test"), source(252, "app249.test")], []);
  expect(learned).toHaveLength(200);
  expect(learned[7]?.addresses).toEqual(["10.0.0.7", "10.0.0.251"]);
});

test.each([
  ["a name", "erp", "erp"],
  ["this machine", "LOCALHOST.localdomain", "app 10.0.0.1"],
  ["a digit first", "1und1.test", "app 10.0.0.1"],
  ["as long as a label", `${"a".repeat(63)}.test`, "a".repeat(63)],
  ["longer", `${"a".repeat(64)}.test`, "app 10.0.0.1"],
  ["something else", "x\u0000y.test", "app 10.0.0.1"],
  ["a formula", "=cmd", "app 10.0.0.1"],
])("an application is called by %s", (_, heloName, name) => {
  const one = {
    use: { source: "10.0.0.1", heloNames: [heloName] },
    application: "",
  } as unknown as JudgedSource;
  expect(learnedApplications([one], [])).toEqual([{ name, addresses: ["10.0.0.1"] }]);
});

test("more than five hundred ranges are none: those that the connector has stay", () => {
  const sources = (count: number) => Array.from({ length: count }, (_, at) => `10.${at >> 8}.${at & 255}.1`);
  expect(learnedRanges(sources(500), [ipRange("10.0.0.0/8")])).toHaveLength(500);
  expect(learnedRanges(sources(501), [ipRange("10.0.0.0/8")])).toEqual([]);
});

test("three of a network are three addresses", () => {
  const all = [ipRange("0.0.0.0/0")];
  const three = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  expect(learnedRanges([...three, "10.0.0.1.test"], all)).toEqual(three);
  expect(learnedRanges([], all)).toEqual([]);
});

test.each([
  [
    ["10.0.0.0/28"],
    [1, 2, 3, 4, 5].map((host) => `10.0.0.${host}`),
    [1, 2, 3, 4, 5].map((host) => `10.0.0.${host}`),
  ],
  [
    ["10.0.0.0/25", "10.0.0.128/25"],
    [1, 2, 3, 200].map((host) => `10.0.0.${host}`),
    [1, 2, 3, 200].map((host) => `10.0.0.${host}`),
  ],
  [["10.0.0.0-10.0.1.255"], [1, 2, 3, 4].map((host) => `10.0.0.${host}`), ["10.0.0.0/24"]],
  [["2001:db8::10-2001:db8::1f", "10.0.0.0/8"], ["2001:db8::/64"], ["2001:db8::10/124"]],
])("nobody is let in whom %j did not serve", (ranges, sources, learned) => {
  expect(learnedRanges(sources, ranges.map(ipRange))).toEqual(learned);
});
