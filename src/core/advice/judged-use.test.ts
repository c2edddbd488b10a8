import { expect, test } from "vitest";
import { isGood, judgedSources, needOf, unlikeGroups, type JudgedSource } from "./judged-use.ts";
import type { Outlier } from "./source-verdict.ts";
import type { SourceUse } from "./use-facts.ts";

const outlier = { kind: "leak" } as Outlier;

/** What it needs: on each day of the list. */
function source(
  address: string,
  open: readonly number[],
  {
    application = "",
    messages = [1],
    ...more
  }: Partial<{
    application: string;
    messages: readonly number[];
    outlier: Outlier;
  }> = {},
): JudgedSource {
  const verdict = (values: readonly number[]) => ({
    highest: Math.max(...values),
    highestDay: 0,
    need: Math.max(...values),
    outlier: more.outlier,
    days: values.map((value, day) => ({ day, value })),
  });
  return {
    use: { source: address } as SourceUse,
    application,
    open: verdict(open),
    messages: verdict(messages),
  };
}

const others = [source("o1", [3, 3]), source("o2", [10, 4])];
const told = (
  sources: readonly JudgedSource[],
  mayHaveOwn: (source: string) => boolean = () => true,
): string[] =>
  unlikeGroups(sources, mayHaveOwn).map(
    ({ sources: of, by, need, othersNeed, application }) =>
      `${application}${of.map(({ use }) => use.source).join("+")} ${by} ${need}/${othersNeed}`,
  );

test.each<[string, readonly JudgedSource[], readonly string[]]>([
  ["four times as many on two days", [source("a", [40, 40]), ...others], ["a open 40/10"]],
  ["less than four times", [source("a", [39, 39]), ...others], []],
  ["on one day only", [source("a", [80, 39]), ...others], []],
  ["nineteen", [source("a", [19, 19]), source("o1", [1]), source("o2", [1])], []],
  ["twenty", [source("a", [20, 20]), source("o1", [1]), source("o2", [1])], ["a open 20/1"]],
  ["one other", [source("a", [40, 40]), source("o1", [3])], []],
  ["it is wrong itself", [source("a", [40, 40], { outlier }), ...others], []],
  ["by messages", [source("a", [3], { messages: [120, 120] }), ...others], ["a messages 120/1"]],
  ["by fewer than 120 messages", [source("a", [3], { messages: [119, 119] }), ...others], []],
  [
    "all of an application",
    [source("a", [40, 0], { application: "ERP" }), source("b", [0, 50], { application: "ERP" }), ...others],
    ["ERPa+b open 50/10"],
  ],
  [
    "of another application",
    [source("a", [40, 40], { application: "ERP" }), source("b", [5], { application: "CRM" }), ...others],
    ["ERPa open 40/10"],
  ],
  [
    "one behind the other, three at most",
    [
      source("a", [6400, 6400]),
      source("b", [1600, 1600]),
      source("c", [400, 400]),
      source("d", [100, 100]),
      source("e", [20, 20]),
      source("f", [20, 20]),
    ],
    ["a open 6400/1600", "b open 1600/400", "c open 400/100"],
  ],
  ["nobody", [], []],
])("unlike the rest: %s", (_, sources, groups) => {
  expect(told(sources)).toEqual(groups);
});

test("no connector of its own for who has one", () => {
  const sources = [source("a", [40, 40]), ...others];
  expect(told(sources, (one) => one !== "a")).toEqual([]);
  expect(told(sources, (one) => one === "a")).toEqual(["a open 40/10"]);
});

test("who is wrong in one thing is not good", () => {
  const good = source("a", [1]);
  const bad = { ...good.open, outlier };
  expect([good, { ...good, open: bad }, { ...good, messages: bad }].map(isGood)).toEqual([
    true,
    false,
    false,
  ]);
});

test("what the most needing of them needs; of however many", () => {
  expect(needOf([], "open")).toBe(0);
  expect(needOf([source("a", [3]), source("b", [7], { messages: [9] })], "open")).toBe(7);
  expect(needOf([source("a", [3]), source("b", [7], { messages: [9] })], "messages")).toBe(9);
  const one = source("a", [3]);
  expect(
    needOf(
      Array.from({ length: 200_000 }, () => one),
      "open",
    ),
  ).toBe(3);
});

test("an application is as it is called now, else as it was then", () => {
  const use = (address: string, application: string) =>
    ({ source: address, application, days: [] }) as unknown as SourceUse;
  const judged = judgedSources({ sources: [use("a", "Then"), use("b", "Then"), use("c", "")] }, (address) =>
    address === "a" ? "Now" : "",
  );
  expect(judged.map(({ application }) => application)).toEqual(["Now", "Then", ""]);
});
