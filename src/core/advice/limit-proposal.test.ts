import { expect, test } from "vitest";
import type { ReplayedConnector } from "../what-if/scenario.ts";
import type { ConnectorOutcome } from "../what-if/tally.ts";
import { adviseConnector, goodSources, type AdviceInput } from "./connector-advice.ts";
import type { JudgedSource } from "./judged-use.ts";
import {
  allBy,
  loosened,
  proposeForGroup,
  proposeLimits,
  withValue,
  type AdvisedSettings,
  type LimitProposal,
} from "./limit-proposal.ts";
import { rateProposal, type RateProposal } from "./rate-proposal.ts";
import type { Outlier } from "./source-verdict.ts";
import { bestTrial, looseTimes, refusalsOf, trialScenarios } from "./trial.ts";
import type { ConnectorUse, DayOfSource, SourceUse } from "./use-facts.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const settings: AdvisedSettings = {
  maxInboundConnection: 5000,
  maxInboundConnectionPerSource: 20,
  maxInboundConnectionPercentagePerSource: 2,
  messageRateLimit: 100,
  messageRateSource: "IPAddress",
};
const source = (
  name: string,
  {
    open = 1,
    messages = 1,
    usualOpen = 1,
    usualMessages = 1,
    outlier = undefined as Outlier | undefined,
    ordinary = true,
  } = {},
): JudgedSource => {
  const verdict = (value: number, bad = outlier) => ({
    highest: value,
    highestDay: dayMs,
    need: value,
    outlier: bad,
    days: ordinary ? [{ day: dayMs, value }] : [],
  });
  const use = { source: name, usualOpen, usualMessages, days: [{ day: dayMs } as DayOfSource] };
  return {
    use: use as unknown as SourceUse,
    application: "",
    open: verdict(open),
    messages: verdict(messages),
  };
};
const use = (...open: readonly number[]): ConnectorUse => ({
  connector: "In",
  sources: [],
  days: open.map((value, day) => ({ day: day * dayMs, open: value })),
});
const propose = (
  sources: readonly JudgedSource[],
  given: Partial<AdvisedSettings> = {},
  more: Partial<{ use: ConnectorUse; isLearned: boolean }> = {},
): Record<string, LimitProposal> =>
  Object.fromEntries(
    proposeLimits({
      use: use(10),
      settings: { ...settings, ...given },
      sources,
      lastMs: dayMs,
      isLearned: false,
      ...more,
    }).map((one) => [one.limit, one]),
  );

test.each<[string, number, number, string]>([
  ["near to it", 18, 20, "keep 20"],
  // 19 × 1.1 is more than 20.
  ["a tenth below it", 19, 20, "raise 25"],
  ["more than it", 23, 20, "raise 30"],
  ["little, and it is three times what is advised", 4, 15, "keep 15"],
  ["little, and it is more than three times that", 4, 16, "lower 5"],
  ["nothing", 0, 15, "keep 15"],
  ["nothing, and more than three times the least", 0, 16, "lower 5"],
  ["all there is", 40, Infinity, "lower 50"],
])("per source, where %s was used", (_, open, current, expected) => {
  const { maxInboundConnectionPerSource: told } = propose([source("a", { open })], {
    maxInboundConnectionPerSource: current,
  });
  expect(`${told?.change} ${told?.value}`).toBe(expected);
});

test.each<[string, number, Partial<AdvisedSettings>, string]>([
  ["little", 3, { messageRateLimit: 90 }, "keep 90 of 90"],
  ["little", 3, { messageRateLimit: 91 }, "lower 30 of 91"],
  ["more than it", 200, { messageRateLimit: 100 }, "raise 250 of 100"],
  ["something, and nobody is counted", 50, { messageRateSource: "None" }, "lower 65 of Infinity"],
])("messages a minute, where %s was used", (_, messages, given, expected) => {
  const { messageRateLimit: told } = propose([source("a", { messages })], given);
  expect(`${told?.change} ${told?.value} of ${told?.current}`).toBe(expected);
});

test("a proposal names whose use it was, when, and what is usual, outliers' minutes left out", () => {
  const sources = [source("a", { open: 12, usualOpen: 4 }), source("b", { open: 30, usualOpen: 400 })];
  expect(propose(sources)["maxInboundConnectionPerSource"]).toMatchObject({
    source: "b",
    day: dayMs,
    need: 30,
    usual: 30,
    growth: 0,
  });
  expect(propose([source("a", { open: 12, usualOpen: 4, usualMessages: 9, messages: 20 })])).toMatchObject({
    maxInboundConnectionPerSource: { usual: 4 },
    messageRateLimit: { usual: 9, need: 20 },
  });
  expect(propose([])["maxInboundConnectionPerSource"]).toMatchObject({
    source: "",
    day: 0,
    need: 0,
    usual: 0,
  });
});

test("what was learned is set, whatever was in the file", () => {
  const told = propose([source("a", { open: 15, messages: 100 })], {}, { isLearned: true });
  expect(told["maxInboundConnectionPerSource"]).toMatchObject({ value: 20, change: "keep" });
  expect(told["messageRateLimit"]).toMatchObject({ value: 150, change: "raise" });
  expect(
    propose([source("a", { open: 2 })], {}, { isLearned: true })["maxInboundConnectionPerSource"],
  ).toMatchObject({
    value: 5,
    change: "lower",
  });
});

test.each<[string, readonly number[], number, string]>([
  ["enough", [900], 1_000, "keep 1000"],
  ["a tenth below it", [910], 1_000, "raise 1500"],
  ["far too much: it is not lowered", [3], 1_000, "keep 1000"],
  ["more than it", [30, 2_000, 40], 1_000, "raise 2500"],
  ["nobody", [], 1_000, "keep 1000"],
  ["without an end", [4_000], Infinity, "keep Infinity"],
])("all together: %s", (_, open, current, expected) => {
  const told = propose([], { maxInboundConnection: current }, { use: use(...open) })["maxInboundConnection"];
  expect(`${told?.change} ${told?.value}`).toBe(expected);
});

test("days on which a source went wrong are none of the connector's, unless there are no others", () => {
  const wrong = source("a", { outlier: { kind: "leak" } as Outlier, ordinary: false });
  const total = (open: readonly number[]): number | undefined =>
    propose([wrong], {}, { use: use(...open) })["maxInboundConnection"]?.need;
  expect(total([3, 4_000, 5])).toBe(5);
  expect(propose([source("a")], {}, { use: use(3, 4_000, 5) })["maxInboundConnection"]).toMatchObject({
    need: 4_000,
    day: dayMs,
  });
  const alone: ConnectorUse = { ...use(), days: [{ day: dayMs, open: 4_000 }] };
  expect(propose([wrong], {}, { use: alone })["maxInboundConnection"]?.need).toBe(4_000);
});

test.each<[string, Partial<AdvisedSettings>, number, number, number]>([
  // 2 % of 5000 are 100.
  ["it is enough", {}, 20, 10, 2],
  ["it is enough beside what others have", { maxInboundConnectionPerSource: 100 }, 60, 60, 2],
  ["others have some", { maxInboundConnectionPerSource: 100 }, 60, 61, 3],
  ["it is not", { maxInboundConnectionPerSource: 200 }, 100, 100, 4],
  [
    "more than ten, to five",
    { maxInboundConnection: 1_000, maxInboundConnectionPerSource: 115 },
    100,
    100,
    15,
  ],
  ["without a total", { maxInboundConnection: Infinity, maxInboundConnectionPerSource: 200 }, 100, 100, 2],
])("a percentage: %s", (_, given, open, all, value) => {
  const told = propose([source("a", { open })], given, { use: use(all) });
  expect(told["maxInboundConnectionPercentagePerSource"]).toMatchObject({
    value,
    need: told["maxInboundConnectionPerSource"]?.value,
  });
});

test("looser, the percentage with it; what is unlimited stays so", () => {
  const limits = Object.values(
    propose([source("a", { open: 40, messages: 80 })], { maxInboundConnection: Infinity }),
  );
  expect(loosened(limits, allBy(1))).toBe(limits);
  expect(loosened(limits, allBy(2)).map(({ value }) => value)).toEqual([Infinity, 100, 2, 200]);
  const bounded = Object.values(
    propose([source("a", { open: 40 })], { maxInboundConnection: 100 }, { use: use(60) }),
  );
  expect(bounded.map(({ value }) => value)).toEqual([100, 50, 65, 30]);
  expect(loosened(bounded, allBy(3)).map(({ value }) => value)).toEqual([300, 150, 55, 90]);
  expect(loosened(bounded.slice(1, 3), allBy(3)).map(({ value }) => value)).toEqual([150, 65]);
  expect(loosened(bounded, { ...allBy(1), messageRateLimit: 2 }).map(({ value }) => value)).toEqual([
    100, 50, 65, 60,
  ]);
  const [total] = bounded;
  expect(total && [90, 100, 101].map((value) => withValue(total, value).change)).toEqual([
    "lower",
    "keep",
    "raise",
  ]);
});

test("a connector of its own has no total of its own, and all else set", () => {
  const group = {
    application: "",
    sources: [source("a", { open: 8 })],
    by: "open",
    need: 8,
    othersNeed: 1,
  } as const;
  expect(
    proposeForGroup(group, { use: use(8), settings, lastMs: dayMs }).map(({ limit, value }) => [
      limit,
      value,
    ]),
  ).toEqual([
    ["maxInboundConnectionPerSource", 10],
    ["maxInboundConnectionPercentagePerSource", 2],
    ["messageRateLimit", 30],
  ]);
});

test.each<[string, readonly number[], number, Partial<RateProposal> | undefined]>([
  ["nobody came", [], 1_200, undefined],
  ["enough", [1_000], 1_200, { value: 1_200, change: "keep", need: 1_000 }],
  ["a tenth below it", [1_100], 1_200, { value: 1_500, change: "raise", need: 1_100 }],
  ["never lowered", [1, 2], 1_200, { value: 1_200, change: "keep", need: 2, day: dayMs }],
  [
    "a flood is left out",
    [10, 11, 12, 9_000],
    1_200,
    { value: 1_200, change: "keep", need: 12, day: 2 * dayMs },
  ],
  ["unlimited", [9_000], Infinity, { value: Infinity, change: "keep" }],
])("connections a minute: %s", (_, perMinute, current, expected) => {
  const arrivals = perMinute.map((value, day) => ({ day: day * dayMs, perMinute: value }));
  const told = rateProposal({ connectors: [], elsewhere: [], arrivals, first: 0, last: 4 * dayMs }, current);
  if (expected === undefined) expect(told).toBeUndefined();
  else expect(told).toMatchObject(expected);
});

const connector = (name: string, messageRateSource = "IPAddress"): ReplayedConnector =>
  ({ name, messageRateSource, maxInboundConnectionPerSource: 1 }) as ReplayedConnector;

test("a trial plays the proposals, and looser ones, in place of the connectors of their names", () => {
  const present = { connectors: [connector("In", "None"), connector("Out")], maxConnectionRatePerMinute: 9 };
  const [perSource, rate] = Object.values(propose([source("a", { open: 40, messages: 80 })])).filter(
    ({ limit }) => limit === "maxInboundConnectionPerSource" || limit === "messageRateLimit",
  );
  if (perSource === undefined || rate === undefined) throw new Error("two are proposed");
  const own = { connector: connector("New"), limits: [perSource] };
  const played = trialScenarios(present, [
    { connector: connector("In", "None"), limits: [perSource, rate] },
    own,
  ]);
  expect(played.map(({ connectors }) => connectors.map(({ name }) => name))).toEqual(
    looseTimes.map(() => ["Out", "In", "New"]),
  );
  expect(played[0]?.connectors[1]).toMatchObject({
    maxInboundConnectionPerSource: 50,
    messageRateLimit: 100,
    messageRateSource: "IPAddress",
  });
  expect(played.map(({ connectors }) => connectors[2]?.maxInboundConnectionPerSource)).toEqual([
    50, 65, 75, 100, 150,
  ]);
  expect(played[0]?.maxConnectionRatePerMinute).toBe(9);
  // A limit that is not proposed turns no counting on.
  const [alone] = trialScenarios(present, [{ connector: connector("In", "None"), limits: [perSource] }]);
  expect(alone?.connectors[1]?.messageRateSource).toBe("None");
});

test("refusals of good sources and of others, on those connectors alone", () => {
  const outcome = (name: string, refused: Record<string, ConnectorOutcome["refused"]>): ConnectorOutcome =>
    ({
      connector: name,
      sources: Object.entries(refused).map(([of, by]) => ({ source: of, refused: by })),
    }) as unknown as ConnectorOutcome;
  const world = [
    outcome("In", { good: { messageRateLimit: 2, maxInboundConnection: 1 }, bad: { messageRateLimit: 5 } }),
    outcome("New", { good: { messageRateLimit: 1 } }),
    outcome("Other", { good: { messageRateLimit: 100 } }),
  ];
  expect(refusalsOf(world, new Set(["In", "New"]), new Set(["good"]))).toEqual({
    good: 4,
    others: 5,
    byLimit: { messageRateLimit: 8, maxInboundConnection: 1 },
  });
  const trial = (good: number) => ({ good, others: 0, byLimit: {} });
  expect(bestTrial([trial(0), trial(0)])).toBe(0);
  expect(bestTrial([trial(9), trial(4), trial(4), trial(5)])).toBe(1);
  expect(bestTrial([trial(9), trial(4), trial(0), trial(0)])).toBe(2);
  expect(bestTrial([])).toBe(0);
});

const advise = (given: Partial<AdviceInput>, connections = 100, firstSeen = 0): string =>
  adviseConnector({
    use: {
      connector: "In",
      sources: [{ ...source("a").use, days: [], connections: connections - 1, refused: 1, firstSeen }],
      days: [],
    },
    settings,
    firstMs: 0,
    lastMs: 48 * hourMs,
    sources: [],
    mayHaveOwn: () => true,
    isLearned: false,
    ...given,
  }).notEnough;

test.each<[string, Partial<AdviceInput>, number, string]>([
  ["two days and a hundred connections", {}, 100, ""],
  [
    "a millisecond less",
    { lastMs: 48 * hourMs - 1 },
    100,
    "Not enough data: 47 hours are recorded, and advice needs two days.",
  ],
  ["an hour", { lastMs: hourMs }, 100, "Not enough data: 1 hour is recorded, and advice needs two days."],
  [
    "ninety-nine, refused ones too",
    {},
    99,
    "Not enough data: 99 connections came to it, and advice needs 100.",
  ],
])("enough to advise on: %s", (_, given, connections, expected) => {
  expect(advise(given, connections)).toBe(expected);
});

test.each([
  [0, ""],
  [1, "Not enough data: it has been in use for 47 hours, and advice needs two days."],
  [47 * hourMs, "Not enough data: it has been in use for 1 hour, and advice needs two days."],
])("a connector's own time counts, not the record's: first used after %i ms", (firstSeen, expected) => {
  expect(advise({}, 100, firstSeen)).toBe(expected);
});

test("good sources are those without a fault", () => {
  const sources = [source("a"), source("b", { outlier: { kind: "leak" } as Outlier })];
  expect([...goodSources({ connector: "In", notEnough: "", limits: [], own: [], sources })]).toEqual(["a"]);
});
