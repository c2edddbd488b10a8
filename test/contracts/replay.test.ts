/** What the replay says of recorded traffic is what the relay's own doors do with the same clients (doors-simulated.ts). */
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  record,
  uniqueArray,
  type Arbitrary,
} from "fast-check";
import { expect, test } from "vitest";
import { noLimits } from "../../src/core/policy/client-rights.ts";
import { rightsOfClient } from "../../src/core/policy/rights-of-client.ts";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { TrafficDecoder } from "../../src/core/traffic/traffic-decoder.ts";
import { TrafficEncoder } from "../../src/core/traffic/traffic-encoder.ts";
import { Replay, type ReplayOutcome } from "../../src/core/what-if/replay.ts";
import type { RefusedClients, Scenario } from "../../src/core/what-if/scenario.ts";
import type { ConnectorOutcome } from "../../src/core/what-if/tally.ts";
import { parseIpRange } from "../../src/core/units/ip-range.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";
import type { Traffic } from "../../src/traffic/traffic.ts";
import { simulateDoors, simulatedClock, type Came, type Wish } from "./doors-simulated.ts";

const startMs = Date.UTC(2026, 10, 22);
const range = (text: string): ReceiveConnectorSettings["remoteIpRanges"][number] => {
  const parsed = parseIpRange(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
const connector = (given: Partial<ReceiveConnectorSettings>): ReceiveConnectorSettings =>
  receiveConnector({
    name: "In",
    bindings: [{ address: "127.0.0.1", port: 25 }],
    httpBindings: [{ address: "127.0.0.1", port: 8587 }],
    remoteIpRanges: [range("0.0.0.0/0")],
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: Infinity,
    ...given,
  });

/** `gridMs`: all happens at multiples of it. Instants of arrival are all different; what else meets has its order (SimulatedClock). */
const wishesOn = (gridMs: number): Arbitrary<Wish[]> => {
  const instant = (fromMs: number, toMs: number): Arbitrary<number> =>
    integer({ min: Math.ceil(fromMs / gridMs), max: Math.floor(toMs / gridMs) }).map((at) => at * gridMs);
  return uniqueArray(
    record({
      atMs: instant(0, 150_000),
      door: constantFrom("SMTP" as const, "SMTP" as const, "HTTP" as const),
      address: constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1"),
      user: constantFrom(undefined, undefined, "erp", "shop"),
      messages: array(instant(1, 20_000), { maxLength: 5 }),
      endMs: instant(20_001, 90_000),
    }),
    { selector: ({ atMs }) => atMs, minLength: 5, maxLength: 40 },
  ).map((all) =>
    all
      .map((wish) => ({
        ...wish,
        atMs: startMs + wish.atMs,
        messages: [...new Set(wish.messages)].sort((a, b) => a - b),
      }))
      .sort((a, b) => a.atMs - b.atMs),
  );
};
const wishes = wishesOn(1);
const limits = record({
  maxInboundConnection: constantFrom(Infinity, 3, 6, 12),
  maxInboundConnectionPerSource: constantFrom(Infinity, 1, 2, 5),
  maxInboundConnectionPercentagePerSource: constantFrom(100, 50, 20),
  messageRateLimit: constantFrom(Infinity, 1, 3, 8),
  messageRateSource: constantFrom("None" as const, "IPAddress" as const, "User" as const, "All" as const),
  limitAction: constantFrom("refuse" as const, "delay" as const),
  limitDelay: constantFrom<number>(7_003, 31_007),
});
const unlimited: typeof limits extends Arbitrary<infer Value> ? Value : never = {
  maxInboundConnection: Infinity,
  maxInboundConnectionPerSource: Infinity,
  maxInboundConnectionPercentagePerSource: 100,
  messageRateLimit: Infinity,
  messageRateSource: "None",
  limitAction: "refuse",
  limitDelay: 7_003,
};
const settings = record({
  limits,
  narrow: limits,
  hasNarrow: constantFrom(true, false),
  rate: constantFrom(Infinity, Infinity, 8, 20),
});
type Given = typeof settings extends Arbitrary<infer Value> ? Value : never;
const refusedClients = constantFrom<RefusedClients>(
  { kind: "gone" },
  { kind: "again", afterMs: 10_009, tries: 1 },
  { kind: "again", afterMs: 33_013, tries: 3 },
);
const applications = [
  { name: "ERP", addresses: [range("10.0.0.1")], users: [], messageRateLimit: 4 },
  { name: "Shop", addresses: [], users: ["shop"], messageRateLimit: 2 },
];

function recorded(): {
  readonly traffic: Traffic;
  readonly at: (clock: { now(): number }) => Traffic;
  take(): Buffer;
} {
  const encoder = new TrafficEncoder(startMs);
  encoder.begin(startMs, 0);
  const at = (clock: { now(): number }): Traffic => ({
    admitted: (client) => encoder.admitted(clock.now(), client),
    held: (client, refusal) => encoder.held(clock.now(), client, refusal),
    turnedAway: (client, refusal) => encoder.turnedAway(clock.now(), client, refusal),
    resumed: (connection) => void encoder.resumed(clock.now(), connection),
    left: (connection) => void encoder.left(clock.now(), connection),
    described: (connection, ...profile) => void encoder.described(clock.now(), connection, ...profile),
    message: (connection) => void encoder.message(clock.now(), connection),
    messageHeld: (connection) => void encoder.messageHeld(clock.now(), connection),
    kept: (connection, recipients, size) => void encoder.kept(clock.now(), connection, recipients, size),
    refused: (connection, refusal) => void encoder.refused(clock.now(), connection, refusal),
  });
  return { traffic: at({ now: () => startMs }), at, take: () => encoder.take() };
}

const nothing: Traffic = recorded().traffic;
const rightsOf = rightsOfClient([], applications);

async function doors(
  all: readonly Wish[],
  scenario: Scenario & { readonly connectors: readonly ReceiveConnectorSettings[] },
  refusedThen: RefusedClients,
  isLimited: boolean,
  tape?: ReturnType<typeof recorded>,
): Promise<Came> {
  const clock = simulatedClock(startMs);
  return simulateDoors({
    ...scenario,
    clock,
    rightsOf: isLimited ? rightsOf : () => noLimits,
    refusedClients: refusedThen,
    wishes: all,
    traffic: tape?.at(clock) ?? nothing,
  });
}

function replay(
  octets: Uint8Array,
  present: readonly ReceiveConnectorSettings[],
  scenarios: readonly Scenario[],
  refusedThen: RefusedClients,
  isLimited: boolean,
): ReplayOutcome {
  const played = new Replay({
    present,
    scenarios,
    refusedClients: refusedThen,
    ...(isLimited ? { rightsOf } : {}),
    fromMs: startMs,
    toMs: Infinity,
  });
  new TrafficDecoder(played).segment(octets);
  return played.outcome();
}

/** In the same words. */
function told(came: Came) {
  const by = (name: string) => came.refused.filter(([, connectorName]) => connectorName === name);
  const names = [
    ...new Set([...came.refused.map(([, name]) => name), ...came.messages.map(([, name]) => name)]),
  ];
  return {
    connectors: Object.fromEntries(
      names.map((name) => {
        const waits = came.waited.filter(([, of]) => of === name).map(([, , ms]) => ms);
        return [
          name,
          {
            refused: countsOf(by(name).map(([, , , limit]) => limit)),
            bySource: countsOf(by(name).map(([, , source, limit]) => `${source} ${limit}`)),
            first: firstOf(by(name).map(([at]) => at)),
            messages: came.messages.filter(([, of]) => of === name).length,
            highest: came.highest.get(name) ?? 0,
            waits: { count: waits.length, totalMs: waits.reduce((a, b) => a + b, 0) },
          },
        ];
      }),
    ),
    lostConnections: came.lostConnections,
    lostMessages: came.lostMessages,
  };
}

function countsOf(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
const firstOf = (instants: readonly number[]): number | undefined =>
  instants.length === 0 ? undefined : Math.min(...instants);

function toldByReplay(all: readonly ConnectorOutcome[]): ReturnType<typeof told> {
  const seen = all.filter(({ connections, messages }) => connections + messages > 0);
  return {
    connectors: Object.fromEntries(
      seen
        .map((one): [string, ReturnType<typeof told>["connectors"][string]] => [
          one.connector,
          {
            refused: { ...one.refused },
            bySource: Object.fromEntries(
              one.sources.flatMap(({ source, refused }) =>
                Object.entries(refused).map(([limit, count]) => [`${source} ${limit}`, count]),
              ),
            ),
            first: firstOf(one.sources.flatMap(({ firstRefused }) => firstRefused ?? [])),
            messages: one.messages,
            highest: one.highestOpen.value,
            waits: { count: one.waits.connections + one.waits.messages, totalMs: one.waits.totalMs },
          },
        ])
        .filter(([, { refused, messages }]) => messages > 0 || Object.keys(refused).length > 0),
    ),
    lostConnections: all.reduce((total, one) => total + one.lostConnections, 0),
    lostMessages: all.reduce((total, one) => total + one.lostMessages, 0),
  };
}

const open: Scenario & { readonly connectors: readonly ReceiveConnectorSettings[] } = {
  connectors: [connector({})],
  maxConnectionRatePerMinute: Infinity,
};

function scenarioOf(given: Given): typeof open {
  const { limits: wide, narrow, hasNarrow, rate } = given;
  const own = connector({ name: "New", ...narrow, remoteIpRanges: [range("10.0.0.2/31")] });
  return {
    connectors: [connector(wide), ...(hasNarrow ? [own] : [])],
    maxConnectionRatePerMinute: rate,
  };
}

async function isAsByTheDoors(
  all: Wish[],
  given: Given,
  then: RefusedClients,
  isLimited: boolean,
): Promise<void> {
  const tape = recorded();
  await doors(all, open, { kind: "gone" }, false, tape);
  const scenario = scenarioOf(given);
  const came = await doors(all, scenario, then, isLimited);
  const { worlds } = replay(tape.take(), open.connectors, [scenario, open], then, isLimited);
  expect(toldByReplay(worlds[0] ?? [])).toEqual(told(came));
  if (!isLimited) expect(worlds[1]?.[0]?.refused).toEqual({});
}

test("recorded without limits, refused and let wait under any: as the doors would have done it", async () => {
  await assert(asyncProperty(wishes, settings, refusedClients, constantFrom(true, false), isAsByTheDoors), {
    numRuns: Number(process.env["REPLAY_RUNS"] ?? 60),
  });
});

test("a wait that ends at the instant at which a place comes free: it has ended, at the doors and in the replay", async () => {
  const wish = (afterMs: number, user?: string, messages: number[] = []): Wish => ({
    atMs: startMs + afterMs,
    door: "SMTP",
    address: "10.0.0.1",
    user,
    messages,
    endMs: 20_001,
  });
  // The first comes again after 21,998 ms and waits until 29,001, when the second leaves.
  await isAsByTheDoors(
    [wish(0, "shop", [1, 2, 4_986]), wish(9_000), wish(9_001), wish(9_002), wish(9_003)],
    {
      limits: { ...unlimited, maxInboundConnectionPerSource: 2, limitAction: "delay" },
      narrow: unlimited,
      hasNarrow: true,
      rate: Infinity,
    },
    { kind: "again", afterMs: 10_009, tries: 1 },
    true,
  );
});

test("so it is where much happens at one instant", async () => {
  const onGrid = settings.map((given) => ({
    ...given,
    limits: { ...given.limits, limitDelay: 7_000 },
    narrow: { ...given.narrow, limitDelay: 3_000 },
  }));
  const again = { kind: "again" as const, afterMs: 10_000, tries: 2 };
  await assert(
    asyncProperty(
      wishesOn(1_000),
      onGrid,
      constantFrom<RefusedClients>({ kind: "gone" }, again, { ...again, afterMs: 3_000 }),
      constantFrom(true, false),
      isAsByTheDoors,
    ),
    { numRuns: Number(process.env["REPLAY_RUNS"] ?? 30) },
  );
});

test("recorded under limits and replayed under the same: what really was refused, no more and no less", async () => {
  await assert(
    asyncProperty(wishes, settings, async (all, given) => {
      const tape = recorded();
      const scenario = { connectors: [connector(given.limits)], maxConnectionRatePerMinute: given.rate };
      const came = await doors(all, scenario, { kind: "gone" }, false, tape);
      const { worlds, recorded: real } = replay(
        tape.take(),
        scenario.connectors,
        [scenario],
        { kind: "gone" },
        false,
      );
      const [world] = worlds[0] ?? [];
      expect(world?.refused).toEqual(countsOf(came.refused.map(([, , , limit]) => limit)));
      expect(real[0]?.refused).toEqual(world?.refused);
      expect(world?.highestOpen.value).toBe(came.highest.get("In") ?? 0);
      expect(world?.messages).toBe(came.messages.length);
    }),
    { numRuns: Number(process.env["REPLAY_RUNS"] ?? 40) },
  );
});

test("many scenarios in one pass tell what each of them tells alone, to the last figure", async () => {
  await assert(
    asyncProperty(
      wishes,
      array(settings, { minLength: 2, maxLength: 6 }),
      limits,
      refusedClients,
      constantFrom(true, false),
      async (all, given, then, clients, isLimited) => {
        const tape = recorded();
        const present = { connectors: [connector(then)], maxConnectionRatePerMinute: Infinity };
        await doors(all, present, { kind: "gone" }, false, tape);
        const octets = tape.take();
        const scenarios = given.map(scenarioOf);
        const together = replay(octets, present.connectors, scenarios, clients, isLimited);
        for (const [index, scenario] of scenarios.entries()) {
          const alone = replay(octets, present.connectors, [scenario], clients, isLimited);
          expect(together.worlds[index]).toEqual(alone.worlds[0]);
        }
      },
    ),
    { numRuns: Number(process.env["REPLAY_RUNS"] ?? 10) },
  );
});

const watched = record({
  limit: constantFrom(
    "maxInboundConnection" as const,
    "maxInboundConnectionPerSource" as const,
    "maxInboundConnectionPercentagePerSource" as const,
    "messageRateLimit" as const,
  ),
  value: integer({ min: 1, max: 6 }),
  total: integer({ min: 2, max: 10 }),
  messageRateSource: constantFrom("None" as const, "IPAddress" as const, "User" as const, "All" as const),
  isCandidate: boolean(),
});

test("a limit that is only looked at would refuse whom it refuses where it is enforced, and as the replay says", async () => {
  let refusals = 0;
  await assert(
    asyncProperty(wishes, watched, async (all, { limit, value, total, messageRateSource, isCandidate }) => {
      const isPercentage = limit === "maxInboundConnectionPercentagePerSource";
      const tried = {
        messageRateSource,
        ...(isPercentage ? { maxInboundConnection: total, [limit]: value * 10 } : { [limit]: value }),
      };
      const enforcing = { ...open, connectors: [connector(tried)] };
      const looking = {
        ...open,
        connectors: [
          // Of a total that is not enforced, lest it refuse what a percentage is looked at for.
          isCandidate && !isPercentage
            ? connector({ messageRateSource, candidate: { [limit]: value } })
            : connector({ ...tried, reportOnly: isPercentage ? ["maxInboundConnection", limit] : [limit] }),
        ],
      };
      const came = await doors(all, enforcing, { kind: "gone" }, false);
      const tape = recorded();
      const looked = await doors(all, looking, { kind: "gone" }, false, tape);
      const byLimit = (refused: Came["refused"]): Came["refused"] =>
        refused.filter(([, , , by]) => by === limit);
      expect(looked.refused).toEqual([]);
      expect(looked.messages).toHaveLength(all.reduce((sum, { messages }) => sum + messages.length, 0));
      expect(byLimit(looked.wouldBeRefused)).toEqual(byLimit(came.refused));
      refusals += byLimit(came.refused).length;
      const { worlds } = replay(tape.take(), looking.connectors, [enforcing], { kind: "gone" }, false);
      expect(worlds[0]?.[0]?.refused[limit] ?? 0).toBe(byLimit(looked.wouldBeRefused).length);
    }),
    { numRuns: Number(process.env["REPLAY_RUNS"] ?? 60) },
  );
  expect(refusals).toBeGreaterThan(0);
});
