/** Plans small enough to be reckoned by hand, and ceilings held against what is played at them and beyond them. */
import { expect, test } from "vitest";
import type { ReplayedConnector } from "../what-if/scenario.ts";
import { parseIpRange } from "../units/ip-range.ts";
import type { TrafficListener } from "../traffic/traffic-facts.ts";
import { ceilings, type Measured } from "./ceilings.ts";
import type { Plan } from "./plan.ts";
import { play, type Played } from "./played.ts";
import { tellSimulated } from "./simulated-traffic.ts";

const all = parseIpRange("0.0.0.0/0");
if (!all.ok) throw new Error("all addresses are no range");
const free: ReplayedConnector = {
  name: "In",
  enabled: true,
  bindings: [{ address: "0.0.0.0", port: 25 }],
  httpBindings: [],
  remoteIpRanges: [all.value],
  limitAction: "refuse",
  limitDelay: 30_000,
  maxInboundConnection: Infinity,
  maxInboundConnectionPerSource: Infinity,
  maxInboundConnectionPercentagePerSource: 100,
  messageRateLimit: Infinity,
  messageRateSource: "IPAddress",
};
/** Ten minutes of ten sources: 5 connections in 0.8 s, each of them 0.5 s and six messages of 0.1 s long. */
const plan: Plan = {
  sources: 10,
  connectionsPerSource: 5,
  messagesPerMinute: 30,
  connectionMs: 500,
  messageMs: 100,
  messageBytes: 1_000,
  isTogether: false,
  accounts: false,
  seed: 1,
};

function played(more: Partial<Plan>, limits: Partial<ReplayedConnector>, rate = Infinity): Played {
  const playing = play({ ...plan, ...more }, { ...free, ...limits }, rate);
  for (;;) {
    const step = playing.next();
    if (step.done === true) return step.value;
  }
}

test.each<[string, Partial<Plan>, Partial<ReplayedConnector>, number, Partial<Played>]>([
  ["five of five", {}, { maxInboundConnectionPerSource: 5 }, Infinity, { refused: {}, messages: 3_000 }],
  [
    "the fifth of each, each minute",
    {},
    { maxInboundConnectionPerSource: 4 },
    Infinity,
    { refused: { maxInboundConnectionPerSource: 100 }, messages: 2_400, refusedSources: 10 },
  ],
  ["thirty of thirty a minute", {}, { messageRateLimit: 30 }, Infinity, { refused: {}, messages: 3_000 }],
  [
    "the last of thirty, each minute",
    { connectionsPerSource: 1 },
    { messageRateLimit: 29 },
    Infinity,
    { refused: { messageRateLimit: 100 }, messages: 2_900 },
  ],
  ["fifty new connections of fifty", {}, {}, 50, { refused: {}, messages: 3_000 }],
  [
    "ten of fifty new ones, each minute",
    { isTogether: true },
    {},
    40,
    { refused: { maxConnectionRatePerMinute: 100 }, messages: 2_400 },
  ],
  [
    "all that beyond forty places together",
    { isTogether: true },
    { maxInboundConnection: 40 },
    Infinity,
    { refused: { maxInboundConnection: 100 }, messages: 2_400 },
  ],
])("by hand: %s", (_, more, limits, rate, wanted) => {
  expect(played(more, limits, rate)).toMatchObject(wanted);
  if (wanted.refused !== undefined) expect(played(more, limits, rate).refused).toEqual(wanted.refused);
});

const nothingElse: Measured = {
  messagesPerSecond: undefined,
  cpuMsPerMessage: undefined,
  cores: 2,
  flushMs: 0.001,
  diskBytesPerSecond: Infinity,
  freeMemoryBytes: Infinity,
  memoryBytesPerConnection: 20_000,
};

test.each<[string, Partial<ReplayedConnector>, number, number]>([
  ["maxInboundConnection", { maxInboundConnection: 100 }, Infinity, 50],
  [
    "maxInboundConnectionPercentagePerSource",
    { maxInboundConnection: 100, maxInboundConnectionPercentagePerSource: 10 },
    Infinity,
    41,
  ],
  ["maxConnectionRatePerMinute", {}, 70, 35],
])("so many as the ceiling says are not refused, and one more is: %s", (by, limits, rate, fits) => {
  const two = { connectionsPerSource: 2, messagesPerMinute: 2, connectionMs: 30_000, isTogether: true };
  const [first] = ceilings(
    { ...plan, ...two, sources: 60 },
    played({ ...two, sources: 60 }, limits, rate).use,
    {
      ...free,
      ...limits,
      maxMessageBytes: Infinity,
      maxConnectionRatePerMinute: rate,
      sendPerMinute: Infinity,
    },
    nothingElse,
  );
  expect(first).toMatchObject({ by, sources: fits });
  expect(played({ ...two, sources: fits }, limits, rate).refused).toEqual({});
  expect(Object.keys(played({ ...two, sources: fits + 1 }, limits, rate).refused)).toEqual([by]);
});

test("what is told never goes back in time, not over the end of a minute either", () => {
  const instants: number[] = [];
  const hear = (atMs: number) => void instants.push(atMs);
  const listener = { began: hear, arrived: hear, message: hear, left: hear } as unknown as TrafficListener;
  // The end of a connection is a millisecond behind the next minute's beginning.
  const together = { ...plan, isTogether: true, connectionMs: 120_002, messagesPerMinute: 1 };
  expect(Array.from(tellSimulated(together, "In", listener))).not.toEqual([]);
  expect(instants).toEqual(instants.toSorted((a, b) => a - b));
  expect(instants).toContain(60_001);
});
