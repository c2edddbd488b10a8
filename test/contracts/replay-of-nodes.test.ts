/** Traffic that came to several nodes, each with a record of its own: told as one it is what one relay would have recorded. */
import { array, assert, asyncProperty, constantFrom, integer, nat, record, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import { UseObserver } from "../../src/core/advice/use-observer.ts";
import { noLimits } from "../../src/core/policy/client-rights.ts";
import { tellMerged, type RecordPieces } from "../../src/core/traffic/merged-traffic.ts";
import { nobodyKnown, TrafficDecoder } from "../../src/core/traffic/traffic-decoder.ts";
import { TrafficEncoder } from "../../src/core/traffic/traffic-encoder.ts";
import type { TrafficListener } from "../../src/core/traffic/traffic-facts.ts";
import { Replay } from "../../src/core/what-if/replay.ts";
import { parseIpRange } from "../../src/core/units/ip-range.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";
import { noTraffic, type Traffic } from "../../src/traffic/traffic.ts";
import { simulateDoors, simulatedClock, type Wish } from "./doors-simulated.ts";

const startMs = Date.UTC(2026, 10, 22);
const period = { fromMs: startMs, toMs: startMs + 3_600_000 };
const anyone = parseIpRange("0.0.0.0/0");
if (!anyone.ok) throw new Error("no range");
const connector = (given: Partial<ReturnType<typeof receiveConnector>>) =>
  receiveConnector({
    name: "In",
    bindings: [{ address: "127.0.0.1", port: 25 }],
    remoteIpRanges: [anyone.value],
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: Infinity,
    ...given,
  });

/** No two connections do anything at one instant: what comes first of that no node can know of another. */
const stepMs = 64;
const wishes = uniqueArray(
  record({
    step: nat(2_000),
    address: constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"),
    messages: array(integer({ min: 1, max: 300 }), { maxLength: 4 }),
    end: integer({ min: 301, max: 1_500 }),
  }),
  { selector: ({ step }) => step, minLength: 5, maxLength: 40 },
).map((all) =>
  all
    .map(({ step, address, messages, end }, index): Wish => ({
      atMs: startMs + step * stepMs + index,
      door: "SMTP",
      address,
      user: undefined,
      messages: [...new Set(messages)].sort((a, b) => a - b).map((at) => at * stepMs),
      endMs: end * stepMs,
    }))
    .sort((a, b) => a.atMs - b.atMs),
);
const limits = record({
  maxInboundConnection: constantFrom(Infinity, 3, 8),
  maxInboundConnectionPerSource: constantFrom(Infinity, 1, 3),
  messageRateLimit: constantFrom(Infinity, 2, 5),
  limitAction: constantFrom("refuse" as const, "delay" as const),
});

/** A record in segments, by a clock that began elsewhere than the one on the wall. */
function tape(clock: { now(): number }, offsetMs: number, segmentEntries: number) {
  const now = (): number => clock.now() - offsetMs;
  const encoder = new TrafficEncoder(now());
  const segments: Buffer[] = [];
  let entries = 0;
  encoder.begin(now(), offsetMs);
  const cut = (): void => {
    if (++entries % segmentEntries !== 0) return;
    segments.push(encoder.take());
    encoder.begin(now(), offsetMs);
  };
  const traffic: Pick<
    Traffic,
    "admitted" | "turnedAway" | "left" | "described" | "message" | "kept" | "refused"
  > = {
    admitted(client) {
      cut();
      return encoder.admitted(now(), client);
    },
    turnedAway(client, refusal) {
      cut();
      encoder.turnedAway(now(), client, refusal);
    },
    left(connection) {
      cut();
      encoder.left(now(), connection);
    },
    described: (connection, ...profile) => void encoder.described(now(), connection, ...profile),
    message: (connection) => void encoder.message(now(), connection),
    kept: (connection, recipients, size) => void encoder.kept(now(), connection, recipients, size),
    refused: (connection, refusal) => void encoder.refused(now(), connection, refusal),
  };
  return { traffic, take: (): Buffer[] => [...segments, encoder.take()] };
}

/** Tells all to the first, and each connection to one of the others. */
function split(tapes: readonly ReturnType<typeof tape>[], nodeOf: readonly number[]): Traffic {
  const [whole, ...nodes] = tapes.map(({ traffic }) => traffic);
  if (whole === undefined) throw new Error("no tape");
  const places = new Map<number, readonly [node: (typeof nodes)[number], number: number]>();
  let came = 0;
  const nextNode = (): (typeof nodes)[number] => {
    const node = nodes[(nodeOf[came++ % nodeOf.length] ?? 0) % nodes.length];
    if (node === undefined) throw new Error("no node");
    return node;
  };
  const at = (connection: number) => {
    const place = places.get(connection);
    if (place === undefined) throw new Error("nobody knows this connection");
    return place;
  };
  return {
    ...noTraffic,
    admitted(client) {
      const node = nextNode();
      const connection = whole.admitted(client);
      places.set(connection, [node, node.admitted(client)]);
      return connection;
    },
    turnedAway(client, refusal) {
      whole.turnedAway(client, refusal);
      nextNode().turnedAway(client, refusal);
    },
    left(connection) {
      const [node, number] = at(connection);
      whole.left(connection);
      node.left(number);
    },
    described(connection, ...profile) {
      const [node, number] = at(connection);
      whole.described(connection, ...profile);
      node.described(number, ...profile);
    },
    message(connection) {
      const [node, number] = at(connection);
      whole.message(connection);
      node.message(number);
    },
    kept(connection, recipients, sizeBytes) {
      const [node, number] = at(connection);
      whole.kept(connection, recipients, sizeBytes);
      node.kept(number, recipients, sizeBytes);
    },
    refused(connection, refusal) {
      const [node, number] = at(connection);
      whole.refused(connection, refusal);
      node.refused(number, refusal);
    },
  };
}

function pieces(segments: readonly Buffer[], known = nobodyKnown()): RecordPieces {
  let at = 0;
  let decoder: TrafficDecoder | undefined;
  return (listener) => {
    const segment = segments[at++];
    if (segment === undefined) return false;
    (decoder ??= new TrafficDecoder(listener, Infinity, known)).segment(segment);
    return true;
  };
}

test("replayed and used, the records of nodes are what one of all of it is, to the last figure", async () => {
  let refusals = 0;
  await assert(
    asyncProperty(
      wishes,
      constantFrom(Infinity, 2),
      array(limits, { minLength: 1, maxLength: 3 }),
      array(nat(3), { minLength: 1, maxLength: 20 }),
      integer({ min: 2, max: 4 }),
      integer({ min: 3, max: 12 }),
      async (all, then, tried, nodeOf, nodes, segmentEntries) => {
        const clock = simulatedClock(startMs);
        const offsets = [0, ...Array.from({ length: nodes }, (_, node) => 1_000_003 * (node + 1))];
        const tapes = offsets.map((offsetMs) => tape(clock, offsetMs, segmentEntries));
        const present = [connector({ maxInboundConnectionPerSource: then, limitAction: "refuse" })];
        await simulateDoors({
          connectors: present,
          maxConnectionRatePerMinute: Infinity,
          clock,
          rightsOf: () => noLimits,
          refusedClients: { kind: "gone" },
          wishes: all,
          traffic: split(tapes, nodeOf),
        });
        const [whole = [], ...parts] = tapes.map((one) => one.take());
        const heardBy = <Heard extends TrafficListener>(make: () => Heard): readonly [Heard, Heard] => {
          const [alone, together] = [make(), make()];
          const next = pieces(whole);
          while (next(alone));
          const known = nobodyKnown();
          const breaks = tellMerged(
            parts.map((part) => pieces(part, known)),
            together,
            period,
          );
          expect(breaks).toEqual({ starts: 0, gaps: 0 });
          return [alone, together];
        };
        const scenarios = tried.map((one) => ({
          connectors: [connector(one)],
          maxConnectionRatePerMinute: 20,
        }));
        const [alone, together] = heardBy(
          () => new Replay({ present, scenarios, refusedClients: { kind: "gone" }, ...period }),
        );
        const outcome = alone.outcome();
        expect(together.outcome()).toEqual(outcome);
        refusals += outcome.worlds.flat().reduce((sum, { sourceCount }) => sum + sourceCount, 0);
        const [used, usedTogether] = heardBy(() => new UseObserver(period));
        expect(usedTogether.outcome()).toEqual(used.outcome());
      },
    ),
    { numRuns: Number(process.env["REPLAY_RUNS"] ?? 40) },
  );
  expect(refusals).toBeGreaterThan(0);
});
