/**
 * What delivery by MX record costs once records are kept. Beside it are two smart hosts of the same settings: what these differ by is
 * what readings of one and the same thing differ by.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../test/faults/random.ts";
import { collectionsIn, tellsCollections } from "../collections.ts";
import { countsInstructions, instructionsOf } from "../instructions.ts";
import { type Load, measure } from "../load.ts";
import { loadOf } from "../loads.ts";
import { median, quantilesOf } from "../median.ts";
import { isAtMost, leastTurns, medianInterval } from "../paired.ts";
import type { Peer } from "../peers/peer.ts";
import { keepsMemory, startWeir, type WeirVariant } from "../peers/weir.ts";
import { type Counts, countableEvents, countedWhile } from "../perf-counters.ts";
import { threadsCpuMicros } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { shuffled } from "../shuffled.ts";
import { type SmallInternet, domainOf, startSmallInternet } from "../small-internet.ts";
import { type Part, usualCosts } from "../usual-cost.ts";
import type { Mark, Run } from "./run.ts";

const mostPercent = 3;
/**
 * Each turn has a relay of its own: what V8 makes of a program differs from one process to the next. Turns go on until the interval is
 * as narrow as half of what is allowed. Its width ends them, never its place, or looking often would find a good moment.
 */
const narrowPercent = mostPercent / 2;
/** Times `--turns`. */
const mostMoreTurns = 4;
const mostMs = 20 * 60_000;
/** Enough to keep a relay busy; its queue holds them in memory. What a backlog costs is no part of what is asked. */
const mostUnderWay = 60;
/** Of each way before it is read: V8 compiles what is called some ten thousand times, and what a message costs falls until then. */
const warmUpMessages = 15_000;
/** Of a turn, of each way, each of a fifth of `--messages`. */
const partsOfTurn = 40;
/** Parts of each way in which perf counts, behind those. */
const countedParts = 4;
/** What is behind the last message is written by then. */
const settleMs = 50;

/** The ways out, by the domain that goes each; all through one relay. */
interface Way {
  readonly name: string;
  readonly domain: string;
}

const plain: Way = { name: "smart host", domain: "a0.test" };
const again: Way = { name: "another smart host", domain: "b0.test" };
const byMx: Way = { name: "MX record, kept", domain: domainOf(0) };
const ways: readonly Way[] = [plain, again, byMx];

export const mx: Run = {
  name: "mx",
  about:
    "CPU a message of delivery by MX record (records kept) beside two smart hosts, in --turns, and its instructions",
  async run({ folder, messages, turns }) {
    const isTrial = turns < leastTurns;
    const seed = Date.now() % 1_000_000;
    const random = seededRandom(seed);
    const usual: Load = { ...loadOf("reuse", messages), ownClient: true, mostUnderWay };
    const partMessages = Math.max(1, Math.floor(usual.messages / 5));
    const part: Load = { ...usual, messages: partMessages };
    const parts = isTrial ? 2 : partsOfTurn;
    const warmUpParts = isTrial ? 2 : Math.ceil(warmUpMessages / partMessages);
    const internet = await startSmallInternet({ sites: 1 });
    const countable = countableEvents();
    /** CPU µs a message, of each turn. */
    const readings = new Map<Way, number[]>(ways.map((way) => [way, []]));
    /** CPU µs a message, of each part. */
    const spent = new Map<Way, number[]>(ways.map((way) => [way, []]));
    const collections = new Map<Way, number>(ways.map((way) => [way, 0]));
    const counts = new Map<Way, Counts[]>(ways.map((way) => [way, []]));

    const send = async (peer: Peer, { domain }: Way): Promise<void> => {
      await measure(peer, internet.mxPort, { ...part, domain }, internet);
      await delay(settleMs);
    };
    const takeTurn = async (turn: number): Promise<void> => {
      const directory = join(folder, `relay-${turn}`);
      mkdirSync(directory);
      const told = join(directory, "collections");
      const peer = await startRelay(directory, internet, [...keepsMemory, ...tellsCollections(told)]);
      try {
        for (let round = 0; round < warmUpParts; round++)
          for (const way of shuffled(ways, random)) await send(peer, way);
        const read = new Map<Way, Part[]>(ways.map((way) => [way, []]));
        for (let round = 0; round < parts; round++) {
          for (const way of shuffled(ways, random)) {
            const collectionsBefore = collectionsIn(told);
            const before = threadsCpuMicros(peer.pid);
            await send(peer, way);
            const cost = (threadsCpuMicros(peer.pid) - before) / partMessages;
            const since = collectionsIn(told) - collectionsBefore;
            read.get(way)?.push({ cost, hadCollection: since > 0 });
            collections.set(way, (collections.get(way) ?? 0) + since);
          }
        }
        for (const [way, all] of read) spent.get(way)?.push(...all.map(({ cost }) => cost));
        for (const [way, micros] of usualCosts(read)) readings.get(way)?.push(micros);
        if (turn > leastTurns || countable.length === 0) return;
        for (let round = 0; round < countedParts; round++)
          for (const way of shuffled(ways, random))
            counts.get(way)?.push(await countedWhile(peer.pid, countable, () => send(peer, way)));
      } finally {
        await peer.stop();
      }
    };

    const costs = (way: Way): readonly number[] => readings.get(way) ?? [];
    /** Percent, of each turn, beside what both smart hosts cost in it. */
    const beside = (way: Way): readonly number[] =>
      costs(way).map(
        (cost, turn) => 100 * ((2 * cost) / ((costs(plain)[turn] ?? NaN) + (costs(again)[turn] ?? NaN)) - 1),
      );
    /** Of the two smart hosts. */
    const control = (): readonly number[] =>
      costs(again).map((cost, turn) => 100 * (cost / (costs(plain)[turn] ?? NaN) - 1));
    const isNarrow = (): boolean => {
      const { low, high } = medianInterval(beside(byMx));
      return high - low <= narrowPercent;
    };
    const mostTurns = isTrial ? turns : mostMoreTurns * turns;
    let turn = 0;
    let instructions: ReadonlyMap<Way, number> = new Map();
    try {
      if (!isTrial && countsInstructions()) {
        progress("mx: instructions are counted, some ten minutes");
        const directory = join(folder, "counted");
        mkdirSync(directory);
        instructions = await instructionsOf(ways, {
          directory,
          random,
          start: (under) => startRelay(directory, internet, keepsMemory, under),
          send: async (peer, { domain }, count) => {
            await measure(peer, internet.mxPort, { ...part, messages: count, domain }, internet);
          },
        });
        progress(
          `mx: ${ways.map((way) => `${way.name} ${instructions.get(way)?.toFixed(0)}`).join(", ")} instructions`,
        );
      }
      const since = performance.now();
      while (turn < turns || (turn < mostTurns && performance.now() - since < mostMs && !isNarrow())) {
        turn++;
        progress(`mx: turn ${turn} of ${turns} to ${mostTurns}`);
        await takeTurn(turn);
        const read = ways.map((way) => `${way.name} ${costs(way).at(-1)?.toFixed(1)}`);
        progress(`mx: ${read.join(", ")} µs; MX ${beside(byMx).at(-1)?.toFixed(1)} %`);
      }
    } finally {
      internet.stop();
    }

    const cost = (way: Way): number => median(costs(way));
    const collected = (way: Way): string =>
      ((1000 * (collections.get(way) ?? 0)) / (turn * parts * partMessages)).toFixed(2);
    const counted = (way: Way): readonly string[] =>
      countable.map((event) =>
        (median((counts.get(way) ?? []).map((ofPart) => ofPart.get(event) ?? NaN)) / partMessages).toFixed(1),
      );
    const took = (way: Way): number => instructions.get(way) ?? NaN;
    const isCounted = instructions.size > 0;
    const tookMore = 100 * ((2 * took(byMx)) / (took(plain) + took(again)) - 1);
    const row = (way: Way, percents?: readonly number[]): readonly string[] => [
      way.name,
      cost(way).toFixed(0),
      ...(percents === undefined ? ["", "", ""] : spreadOf(percents)),
      collected(way),
      ...(isCounted ? [took(way).toFixed(0)] : []),
      ...counted(way),
    ];
    const percents = beside(byMx);
    const shown = isAtMost(medianInterval(percents), mostPercent);
    const byCpu: Mark = {
      name: "delivery by MX record, records kept: CPU a message",
      required: `≤ ${mostPercent} % more than by smart host`,
      measured: `${median(percents).toFixed(1)} % (${intervalText(percents)})`,
      met: shown === "met",
      ...(shown === "not shown" && { isNotShown: true }),
    };
    const byInstructions: Mark = {
      name: "delivery by MX record, records kept: instructions of the event loop a message",
      required: byCpu.required,
      measured: `${tookMore.toFixed(1)} %`,
      met: tookMore <= mostPercent,
    };
    return {
      title: "What delivery by MX record costs, CPU a message",
      table: [
        [
          "",
          "CPU µs/msg",
          "more (median of turns)",
          "its interval, 95 %",
          "middle half of turns",
          "full collections in 1,000",
          ...(isCounted ? ["instructions"] : []),
          ...countable,
        ],
        row(plain),
        row(again, control()),
        row(byMx, percents),
      ],
      notes: [
        `${turn} turns, each of a relay started for it and warmed up, that takes ${parts} parts of ${partMessages} messages of 4 KB of each way, ${mostUnderWay} under way, in an order that chance draws for each round (seed ${seed}).`,
        "The second smart host is compared with the first, and MX records with both: what the smart hosts differ by is what readings of one thing differ by.",
        "What a way costs in a turn is the mean of the middle half of its parts without a full collection of garbage, and as much of what all parts took beyond that as the others: collections fall where they fall, and how many fell into the parts of each way is told.",
        `Where all is counted where it fell, delivery by MX record took ${(100 * ((2 * mean(spent.get(byMx))) / (mean(spent.get(plain)) + mean(spent.get(again))) - 1)).toFixed(1)} % more over all turns.`,
        ...(isCounted
          ? [
              "Instructions are those of the event loop's thread outside the kernel, counted by valgrind, of another relay: what a quarter of its parts do not exceed.",
            ]
          : []),
        ...(countable.length === 0
          ? []
          : [
              `The last columns are counts of perf a message, medians of ${countedParts} parts in each of ${leastTurns} turns at most.`,
            ]),
      ],
      marks: isCounted ? [byCpu, byInstructions] : [byCpu],
    };
  },
};

/** All of one relay, with the same settings for each way. */
async function startRelay(
  directory: string,
  internet: SmallInternet,
  flags: readonly string[],
  under?: readonly string[],
): Promise<Peer> {
  // The same site for all: what differs is how its host is found. As many connections, for as many messages.
  const { anySite: sinkHost, mxPort: sinkPort } = internet;
  const variant: WeirVariant = {
    flags,
    send: ["smtpMaxMessagesPerConnection: unlimited"],
    connectors: [plain, again].flatMap(({ name, domain }) => [
      `- name: ${name}`,
      `  addressSpaces: ["${domain}"]`,
      `  smartHosts: ["[${sinkHost}]:${sinkPort}"]`,
      `  smtpMaxMessagesPerConnection: unlimited`,
    ]),
  };
  return startWeir(
    { directory, sinkPort, sinkHost, internet, ...(under !== undefined && { under }) },
    variant,
  );
}

function spreadOf(percents: readonly number[]): readonly string[] {
  const at = quantilesOf(percents);
  return [
    `${at(0.5).toFixed(1)} %`,
    `${intervalText(percents)} %`,
    `${at(0.25).toFixed(1)} to ${at(0.75).toFixed(1)} %`,
  ];
}

function intervalText(percents: readonly number[]): string {
  const { low, high } = medianInterval(percents);
  return Number.isFinite(high - low) ? `${low.toFixed(1)} to ${high.toFixed(1)}` : "any";
}

const mean = (values: readonly number[] = []): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
