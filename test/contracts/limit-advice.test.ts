/**
 * Advice on traffic whose truth is known: applied, it refuses no source that does its work, and still stops those that went wrong.
 * The record is replayed under the advised values by the functions that enforce them.
 */
import { expect, test } from "vitest";
import { adviseConnector, goodSources } from "../../src/core/advice/connector-advice.ts";
import { judgedSources } from "../../src/core/advice/judged-use.ts";
import { allBy, loosened, type LimitProposal } from "../../src/core/advice/limit-proposal.ts";
import { bestTrial, looseTimes, refusalsOf, trialScenarios } from "../../src/core/advice/trial.ts";
import { UseObserver } from "../../src/core/advice/use-observer.ts";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { parseIpRange } from "../../src/core/units/ip-range.ts";
import { Replay } from "../../src/core/what-if/replay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";
import {
  burst,
  daily,
  dayMs,
  daysFrom,
  firstDayMs,
  hourMs,
  minuteMs,
  recordOf,
  type Stay,
} from "./recorded-days.ts";

const days = daysFrom(0, 14);
const range = (text: string): ReceiveConnectorSettings["remoteIpRanges"][number] => {
  const parsed = parseIpRange(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
const unlimited = {
  maxInboundConnection: 5000,
  maxInboundConnectionPerSource: Infinity,
  maxInboundConnectionPercentagePerSource: 100,
  messageRateLimit: Infinity,
  messageRateSource: "IPAddress" as const,
};

function advised(stays: readonly Stay[], limits: Partial<typeof unlimited> = {}) {
  const tell = recordOf(stays);
  const connector = receiveConnector({
    name: "In",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [range("10.0.0.0/8")],
    ...unlimited,
    ...limits,
  });
  const period = { fromMs: firstDayMs, toMs: firstDayMs + 40 * dayMs };
  const observer = new UseObserver(period);
  tell(observer);
  const use = observer.outcome();
  const [only] = use.connectors;
  if (only === undefined) throw new Error("nothing came");
  const advice = adviseConnector({
    use: only,
    settings: connector,
    firstMs: use.first ?? 0,
    lastMs: use.last ?? 0,
    sources: judgedSources(only, () => ""),
    mayHaveOwn: () => true,
    isLearned: false,
  });
  const present = { connectors: [connector], maxConnectionRatePerMinute: Infinity };
  const own = advice.own.map(({ group, limits: of }, index) => ({
    connector: {
      ...connector,
      name: `Own ${index}`,
      remoteIpRanges: group.sources.map(({ use: { source } }) => range(source)),
    },
    limits: of,
  }));
  const proposed = [{ connector, limits: advice.limits }, ...own];
  const played = new Replay({
    present: present.connectors,
    scenarios: [present, ...trialScenarios(present, proposed)],
    refusedClients: { kind: "gone" },
    ...period,
  });
  tell(played);
  const [before = [], ...trials] = played.outcome().worlds;
  const names = new Set(proposed.map((one) => one.connector.name));
  const good = goodSources(advice);
  const after = trials.map((world) => refusalsOf(world, names, good));
  const best = bestTrial(after);
  const world = trials[best] ?? [];
  return {
    advice,
    good,
    limits: loosened(advice.limits, allBy(looseTimes[best] ?? 1)),
    before: refusalsOf(before, names, good),
    after: after[best],
    /** By source. */
    refusedOf: (source: string): number =>
      world
        .flatMap(({ sources }) => sources)
        .filter((one) => one.source === source)
        .reduce((sum, { refused }) => sum + Object.values(refused).reduce((a, b) => a + b, 0), 0),
  };
}

const value = (limits: readonly LimitProposal[], limit: LimitProposal["limit"]): number =>
  limits.find((one) => one.limit === limit)?.value ?? NaN;

/** Three applications that do their work, of 3, 6 and 9 connections. */
const ordinary = [3, 6, 9].flatMap((connections, index) =>
  daily(days, (8 + index) * hourMs, (atMs) => [
    ...burst(`10.0.0.${index + 1}`, atMs, connections),
    ...burst(`10.0.0.${index + 1}`, atMs + 4 * hourMs, connections - 1),
  ]),
);
const leak = daily([11, 12, 13], 9 * hourMs, (atMs) =>
  Array.from({ length: 80 }, (_, index) => ({
    source: "10.0.0.1",
    atMs: atMs + index * 20_000,
    lastsMs: hourMs,
    messages: [40],
  })),
);
const flood = Array.from({ length: 700 }, (_, index) => ({
  source: "10.0.0.2",
  atMs: 10 * dayMs + 10 * hourMs + index * 80,
  lastsMs: 60,
  messages: [10],
}));

test("a leak and a flood are left out, and stopped; nobody else is refused", () => {
  const { advice, limits, good, after, before, refusedOf } = advised([...ordinary, ...leak, ...flood]);
  expect(before.good).toBe(0);
  expect([...good]).toEqual(["10.0.0.3"]);
  const [leaking, flooding] = advice.sources;
  expect(leaking?.open.outlier).toMatchObject({ kind: "leak", days: 3, usual: 3, usualDays: 11 });
  expect(flooding?.messages.outlier).toMatchObject({ kind: "flood", days: 1, usual: 6 });
  expect(value(limits, "maxInboundConnectionPerSource")).toBe(15);
  expect(after?.good).toBe(0);
  expect(refusedOf("10.0.0.1")).toBeGreaterThan(100);
  expect(refusedOf("10.0.0.2")).toBeGreaterThan(500);
});

test("a batch at midnight is use, though it is ten times the rest of the day", () => {
  const batch = daily(days, 0, (atMs) => burst("10.0.0.1", atMs, 40));
  const { advice, after, limits } = advised([...ordinary, ...batch], { maxInboundConnectionPerSource: 20 });
  expect(advice.own.map(({ group }) => group.sources.map(({ use }) => use.source))).toEqual([["10.0.0.1"]]);
  expect(after?.good).toBe(0);
  // The others need no more for it.
  expect(value(limits, "maxInboundConnectionPerSource")).toBe(20);
});

test("a burst that came once is let in, where it is not ten times the usual", () => {
  const { limits, before, after } = advised([...ordinary, ...burst("10.0.0.3", 9 * dayMs, 30)], {
    maxInboundConnectionPerSource: 20,
  });
  expect(before.good).toBe(10);
  expect(value(limits, "maxInboundConnectionPerSource")).toBe(40);
  expect(after?.good).toBe(0);
});

test("a new application that is unlike the rest gets a connector of its own", () => {
  const fresh = daily([11, 12, 13], 11 * hourMs, (atMs) => burst("10.0.7.7", atMs, 80));
  const { advice, limits, after } = advised([...ordinary, ...fresh], { maxInboundConnectionPerSource: 20 });
  expect(advice.own).toHaveLength(1);
  expect(value(advice.own[0]?.limits ?? [], "maxInboundConnectionPerSource")).toBe(100);
  expect(value(limits, "maxInboundConnectionPerSource")).toBe(20);
  expect(after?.good).toBe(0);
});

test("one address that hides several applications is known by their names", () => {
  const nat = daily(days, 10 * hourMs, (atMs) =>
    ["erp", "crm", "wiki", "shop"].flatMap((name) =>
      burst("10.0.9.1", atMs, 15, { heloName: `${name}.test` }),
    ),
  );
  const { advice, after } = advised([...ordinary, ...nat]);
  expect(advice.own[0]?.group.sources[0]?.use).toMatchObject({ heloNameCount: 4, source: "10.0.9.1" });
  expect(after?.good).toBe(0);
});

test("clients that try again without a pause are not so many clients", () => {
  const storm = Array.from({ length: 1_000 }, (_, index): Stay => ({
    source: "10.0.0.1",
    atMs: 7 * dayMs + 10 * hourMs + index * 1_500,
    lastsMs: 0,
    messages: [],
    refused: "connectionLimitPerSource",
  }));
  const held = Array.from({ length: 5 }, (_, index): Stay => ({
    source: "10.0.0.1",
    atMs: 7 * dayMs + 9 * hourMs + 59 * minuteMs + index,
    lastsMs: 40 * minuteMs,
    messages: [10, 39 * minuteMs],
  }));
  const { advice, limits, after } = advised([...ordinary, ...held, ...storm], {
    maxInboundConnectionPerSource: 10,
  });
  expect(advice.sources[0]?.open.outlier).toMatchObject({ kind: "storm", refused: 1_000, days: 1 });
  expect(value(limits, "maxInboundConnectionPerSource")).toBeLessThanOrEqual(15);
  expect(after?.good).toBe(0);
});

test("what grows from week to week is looked ahead for", () => {
  const growing = daily(daysFrom(0, 35), 16 * hourMs, (atMs, day) =>
    burst("10.0.0.3", atMs, 10 + 2 * Math.floor(day / 7)),
  );
  const { limits } = advised([...ordinary, ...growing]);
  const perSource = limits.find(({ limit }) => limit === "maxInboundConnectionPerSource");
  expect(perSource?.growth).toBeGreaterThan(0.08);
  expect(perSource).toMatchObject({ need: 18, value: 35 });
});

test("too little is no advice", () => {
  const { advice } = advised(ordinary.filter(({ atMs }) => atMs < dayMs));
  expect(advice).toMatchObject({ limits: [], own: [] });
  expect(advice.notEnough).toMatch(/^Not enough data: \d hours are recorded, and advice needs two days\.$/);
  const few = advised(burst("10.0.0.1", 0, 5).concat(burst("10.0.0.1", 5 * dayMs, 5)));
  expect(few.advice.notEnough).toBe("Not enough data: 10 connections came to it, and advice needs 100.");
});
