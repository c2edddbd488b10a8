/** Planned applications: what they do, what is refused of it, which ceiling comes first, and what a lag costs. */
import { expect, test } from "vitest";
import { hearTraffic } from "../../testing/heard-traffic.ts";
import { ceilings, type Measured } from "./ceilings.ts";
import type { Plan } from "./plan.ts";
import type { TrafficListener } from "../traffic/traffic-facts.ts";
import { countedConnections, sharedCountError } from "./shared-count-error.ts";
import { addressOf, minutesOf, playedSources, tellSimulated } from "./simulated-traffic.ts";

const plan: Plan = {
  sources: 3,
  connectionsPerSource: 2,
  messagesPerMinute: 5,
  connectionMs: 500,
  messageMs: 100,
  messageBytes: 1_000,
  isTogether: false,
  accounts: false,
  seed: 7,
};

const play = (of: Plan, listener: TrafficListener): number[] => [...tellSimulated(of, "In", listener)];

test("where all would take too long a part of them is played; the parts that are over are told", () => {
  const many = { ...plan, sources: 100_000, connectionsPerSource: 5, messagesPerMinute: 30 };
  expect(playedSources(many)).toBe(42_857);
  expect(playedSources({ ...many, sources: 40_000 })).toBe(40_000);
  expect(playedSources({ ...many, messagesPerMinute: 100_000 })).toBe(14);
  expect(playedSources({ ...many, sources: 1, messagesPerMinute: 100_000 })).toBe(1);
  const parts = play({ ...plan, sources: 1_500, messagesPerMinute: 1 }, hearTraffic().listener);
  expect(parts.length).toBe(20);
  expect(parts.slice(0, 3)).toEqual([0, 1 / 15, 0.1]);
});

test("where messages are counted by account each has its own, in the same place as its address", () => {
  const { listener, heard } = hearTraffic();
  play({ ...plan, accounts: true }, listener);
  const users = heard.flatMap(([kind, , , profile]) =>
    kind === "described" ? [(profile as { readonly user: string }).user] : [],
  );
  expect(users.length).toBe(60);
  expect(new Set(users).size).toBe(3);
});

test("a count that lags is looked at for ten times the lag, or a million connections", () => {
  const source = { wanted: 24, connectionMs: 600 };
  expect(countedConnections({ ...source, lagMs: 0 })).toEqual({ connections: 50_000, isShort: false });
  expect(countedConnections({ ...source, lagMs: 30_000 })).toEqual({ connections: 50_000, isShort: false });
  expect(countedConnections({ ...source, wanted: 1_200, lagMs: 5_000 })).toEqual({
    connections: 112_000,
    isShort: false,
  });
  expect(countedConnections({ ...source, wanted: 12_000, lagMs: 30_000 })).toEqual({
    connections: 1_000_000,
    isShort: true,
  });
});

test("each source opens its connections each minute and sends its messages over them, in the order of time", () => {
  const { listener, heard } = hearTraffic();
  play(plan, listener);
  const count = (name: string): number => heard.filter(([kind]) => kind === name).length;
  const minutes = minutesOf(plan);
  expect([minutes, count("arrived"), count("message"), count("left")]).toEqual([10, 60, 150, 60]);
  const instants = heard.slice(1).map(([, at]) => Number(at));
  expect(instants).toEqual(instants.toSorted((a, b) => a - b));
  const again = hearTraffic();
  play(plan, again.listener);
  expect(again.heard).toEqual(heard);
});

test("together, all begin at the same moment; many are played for one minute", () => {
  const { listener, heard } = hearTraffic();
  play({ ...plan, isTogether: true }, listener);
  const first = heard.filter(([kind, at]) => kind === "arrived" && Number(at) === 0);
  expect(first).toHaveLength(3);
  expect(minutesOf({ ...plan, sources: 100_000, messagesPerMinute: 30 })).toBe(1);
  expect([0, 254, 255, 99_999].map(addressOf)).toEqual([
    "10.0.0.1",
    "10.0.0.255",
    "10.0.1.0",
    "10.1.134.160",
  ]);
});

const machine: Measured = {
  messagesPerSecond: 1_000,
  cpuMsPerMessage: 0.5,
  cores: 2,
  flushMs: 1,
  diskBytesPerSecond: 100_000_000,
  freeMemoryBytes: 1_000_000_000,
  memoryBytesPerConnection: 20_000,
};
const free = {
  maxInboundConnection: Infinity,
  maxInboundConnectionPerSource: Infinity,
  maxInboundConnectionPercentagePerSource: 100,
  messageRateLimit: Infinity,
  maxMessageBytes: 1_000,
  maxConnectionRatePerMinute: Infinity,
  sendPerMinute: Infinity,
};
const use = {
  highestOpen: 200,
  highestArrivalsPerMinute: 500,
  highestOpenFromSource: 4,
  highestMessages: 60,
};
const hundred = { ...plan, sources: 100, messagesPerMinute: 60 };

test.each([
  ["maxMessageSize", { ...free, maxMessageBytes: 999 }, use, machine, 0],
  ["messageRateLimit", { ...free, messageRateLimit: 59 }, use, machine, 0],
  ["maxInboundConnectionPerSource", { ...free, maxInboundConnectionPerSource: 3 }, use, machine, 0],
  [
    // 4 are 2 % of 200, which 400 others' connections leave of 600: those of 200 sources beside it.
    "maxInboundConnectionPercentagePerSource",
    { ...free, maxInboundConnection: 600, maxInboundConnectionPercentagePerSource: 2 },
    use,
    machine,
    201,
  ],
  [
    "maxInboundConnectionPercentagePerSource",
    { ...free, maxInboundConnection: 199, maxInboundConnectionPercentagePerSource: 2 },
    use,
    machine,
    0,
  ],
  ["maxInboundConnection", { ...free, maxInboundConnection: 1_000 }, use, machine, 500],
  ["maxConnectionRatePerMinute", { ...free, maxConnectionRatePerMinute: 1_200 }, use, machine, 240],
  ["messageRateLimit of the send connectors", { ...free, sendPerMinute: 30 }, use, machine, 0],
  ["1000 messages a second, measured", free, use, machine, 700],
  [
    "20.0 ms for a flush",
    free,
    use,
    { ...machine, messagesPerSecond: undefined, cpuMsPerMessage: undefined, flushMs: 20 },
    2_240,
  ],
  ["0 MB a second written", free, use, { ...machine, diskBytesPerSecond: 100_000 }, 70],
  ["1 MB free", free, use, { ...machine, freeMemoryBytes: 1_000_000 }, 17],
] as const)("what comes first: %s", (by, limits, used, measured, sources) => {
  expect(ceilings(hundred, used, limits, measured)[0]).toMatchObject({ by, sources });
});

test("without a lag the count is exact; the longer it is, the more it lets in", () => {
  const errors = [0, 500, 5_000].map((lagMs) =>
    sharedCountError({
      nodes: 50,
      limit: 20,
      wanted: 30,
      connectionMs: 1_000,
      lagMs,
      connections: 5_000,
      seed: 3,
    }),
  );
  expect(errors[0]).toMatchObject({ highest: 20, overshootPart: 0, needlessPart: 0 });
  expect(errors[1]?.highest).toBeGreaterThan(20);
  expect(errors[2]?.overshootPart).toBeGreaterThan(errors[1]?.overshootPart ?? 1);
  expect(errors[1]?.needlessPart).toBeGreaterThan(0);
});
