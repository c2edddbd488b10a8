/** What a DKIM signature costs, beside mail that is not signed. What delivery by MX record costs: mx.ts. */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { collectionsIn, tellsCollections } from "../collections.ts";
import { type Load, measure } from "../load.ts";
import { loadOf } from "../loads.ts";
import { median, quantilesOf } from "../median.ts";
import { type Interval, isAtMost, leastTurns, medianInterval } from "../paired.ts";
import type { Peer } from "../peers/peer.ts";
import { keepsMemory, startWeir } from "../peers/weir.ts";
import { type Counts, countableEvents, countedWhile } from "../perf-counters.ts";
import { threadsCpuMicros } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { startSmallInternet } from "../small-internet.ts";
import type { Mark, Run } from "./run.ts";

const mostSignatures = 1.2;
/**
 * Each turn has relays of its own: what V8 makes of the same program differs from one process to the next by as much as a mark allows,
 * and readings of one process tell of that process. Turns go on until the interval is as narrow as this: half of what the mark allows. It is its width that ends it, and not on which
 * side of the mark it lies, or looking often would make it lie on the good side by chance.
 */
const narrowSignatures = (mostSignatures - 1) / 2;
/** Times `--turns`. */
const mostMoreTurns = 4;
const mostMs = 20 * 60_000;
/** Enough to keep a relay busy; its queue holds them in memory. What a backlog costs is no part of what is asked. */
const mostUnderWay = 60;
/** Of each way before it is read: V8 compiles what is called some ten thousand times, and what a message costs falls until then. */
const warmUpMessages = 15_000;
/** A turn's reading of each way, times `--messages`: one full collection more or less is 5 % of 2,500. */
const readingLoads = 4;
/** Each reading is made of so many parts of `--messages`, between those of the others: what the machine does meets all alike. */
const partsOfLoad = 5;
/** Parts of each way in which perf counts. */
const countedRounds = 4;
/**
 * A relay pays less for each message the more there is to do at once, and who signs is slower. So both are read at one rate too, with
 * which both keep up.
 */
const sameRatePerSecond = 1_000;
/** What is behind the last message is written by then. */
const settleMs = 50;
/** The author's domain of the bench's messages. */
const author = "sender.test";

/**
 * The ways out, by the domain that goes each, and by a relay of their own with the same configuration: garbage of one would be collected
 * in the other's part.
 */
interface Way {
  readonly name: string;
  readonly domain: string;
  readonly relay: "plain" | "signing";
  /** Left out: as fast as they are taken. */
  readonly perSecond?: number;
}

interface Running {
  readonly peer: Peer;
  /** The file that tells its full collections. */
  readonly collections: string;
}

const plain: Way = { name: "smart host", domain: "smart.test", relay: "plain" };
const signed: Way = { name: "smart host, DKIM (RSA-2048)", domain: "signed.test", relay: "signing" };
const ways: readonly Way[] = [plain, signed];
const atSameRate = ({ name, ...way }: Way): Way => ({
  ...way,
  name: `${name}, ${sameRatePerSecond} a second`,
  perSecond: sameRatePerSecond,
});
const plainPaced = atSameRate(plain);
const signedPaced = atSameRate(signed);
const pacedWays: readonly Way[] = [plainPaced, signedPaced];
const allWays: readonly Way[] = [...ways, ...pacedWays];

export const out: Run = {
  name: "out",
  about: "CPU a message of DKIM, in --turns in turn, more where they spread",
  async run({ folder, messages, turns }) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const internet = await startSmallInternet({ sites: 1 });
    const { anySite: sinkHost, mxPort: sinkPort } = internet;
    const smartHost = (name: string, domain: string): readonly string[] => [
      `- name: ${name}`,
      `  addressSpaces: ["${domain}"]`,
      `  smartHosts: ["[${sinkHost}]:${sinkPort}"]`,
      `  smtpMaxMessagesPerConnection: unlimited`,
    ];
    const variant = {
      // As many connections, for as many messages. Whose way signs nothing does not look for keys either.
      send: ["smtpMaxMessagesPerConnection: unlimited", "dkimSigning: false"],
      connectors: [
        ...smartHost("Smart", plain.domain),
        "  dkimSigning: false",
        ...smartHost("Signing", signed.domain),
      ],
      sections: [
        "dkimKeys:",
        `  - name: r._domainkey.${author}`,
        "    keyFile: key.pem",
        "    state: active",
      ],
    };
    const usual: Load = { ...loadOf("reuse", messages), ownClient: true, mostUnderWay };
    const partMessages = Math.max(1, Math.floor(usual.messages / partsOfLoad));
    const warmUpParts = turns < leastTurns ? partsOfLoad : Math.ceil(warmUpMessages / partMessages);
    /** Even: one there and one back. */
    const parts = turns < leastTurns ? 2 : readingLoads * partsOfLoad;
    const pacedParts = turns < leastTurns ? 2 : (readingLoads * partsOfLoad) / 2;
    /** Of the turn. */
    const relays = new Map<Way["relay"], Running>();
    let started = 0;
    /** CPU a message of each turn, in microseconds. */
    const readings = new Map<Way, number[]>(allWays.map((way) => [way, []]));
    /** Full ones of each way's readings, in all turns. */
    const collections = new Map<Way, number>();
    const countable = countableEvents();
    /** Of a part. */
    const counts = new Map<Way, Counts[]>(allWays.map((way) => [way, []]));
    const bareReadings: number[] = [];

    const start = async (name: Way["relay"]): Promise<void> => {
      const directory = join(folder, `relay-${started++}`);
      mkdirSync(directory);
      writeFileSync(join(directory, "key.pem"), privateKey.export({ format: "pem", type: "pkcs8" }), {
        mode: 0o600,
      });
      const told = join(directory, "collections");
      const peer = await startWeir(
        { directory, sinkPort, sinkHost, internet },
        { ...variant, flags: [...keepsMemory, ...tellsCollections(told)] },
      );
      relays.set(name, { peer, collections: told });
    };
    const stopAll = async (): Promise<void> => {
      await Promise.allSettled([...relays.values()].map(({ peer }) => peer.stop()));
      relays.clear();
    };
    const relayOf = (way: Way): Running => {
      const relay = relays.get(way.relay);
      if (relay === undefined) throw new Error(`there is no relay for ${way.name}`);
      return relay;
    };
    const send = async (way: Way): Promise<void> => {
      const { domain, perSecond } = way;
      const load: Load = { ...part, domain, ...(perSecond !== undefined && { perSecond }) };
      await measure(relayOf(way).peer, sinkPort, load, internet);
      await delay(settleMs);
    };
    const part: Load = { ...usual, messages: partMessages };
    /** CPU of a part of a reading, in microseconds. */
    const readPart = async (way: Way): Promise<number> => {
      const { pid } = relayOf(way).peer;
      const before = threadsCpuMicros(pid);
      await send(way);
      return threadsCpuMicros(pid) - before;
    };
    const inTurn = (round: number): readonly Way[] => (round % 2 === 0 ? ways : ways.toReversed());
    const takeTurn = async (turn: number): Promise<void> => {
      await start("plain");
      await start("signing");
      for (let round = 0; round < warmUpParts; round++) for (const way of inTurn(round)) await readPart(way);
      const read = new Map<Way, number[]>(ways.map((way) => [way, []]));
      for (let round = 0; round < parts; round++) {
        for (const way of inTurn(round)) {
          const before = collectionsIn(relayOf(way).collections);
          read.get(way)?.push((await readPart(way)) / partMessages);
          const since = collectionsIn(relayOf(way).collections) - before;
          collections.set(way, (collections.get(way) ?? 0) + since);
        }
        // In between too: how fast the processor is changes within minutes.
        bareReadings.push(bareSignatureMicros(privateKey));
      }
      for (const [way, micros] of read) readings.get(way)?.push(mean(micros));
      const paced = new Map<Way, number>();
      for (let round = 0; round < pacedParts; round++)
        for (const way of round % 2 === 0 ? pacedWays : pacedWays.toReversed())
          paced.set(way, (paced.get(way) ?? 0) + (await readPart(way)));
      for (const [way, micros] of paced) readings.get(way)?.push(micros / (pacedParts * partMessages));
      // Behind the readings: to be counted costs time.
      if (turn > leastTurns || countable.length === 0) return;
      for (let round = 0; round < countedRounds; round++)
        for (const way of [...inTurn(round), ...pacedWays])
          counts.get(way)?.push(await countedWhile(relayOf(way).peer.pid, countable, () => send(way)));
    };

    /** Of each turn against the plain reading of the same turn. */
    const differences = (
      way: Way,
      of: (one: number, base: number) => number,
      from = plain,
    ): readonly number[] =>
      (readings.get(way) ?? []).map((one, turn) => of(one, readings.get(from)?.[turn] ?? NaN));
    const signing = (): readonly number[] => differences(signed, (one, base) => one - base);
    const signingPaced = (): readonly number[] =>
      differences(signedPaced, (one, base) => one - base, plainPaced);
    const inSignatures = (all: readonly number[]): readonly number[] =>
      all.map((micros) => micros / median(bareReadings));
    const signatures = (): readonly number[] => inSignatures(signing());
    const isNarrow = (): boolean => width(medianInterval(signatures())) <= narrowSignatures;
    // Fewer are a trial of the bench.
    const mostTurns = turns < leastTurns ? turns : mostMoreTurns * turns;
    const since = performance.now();
    let turn = 0;
    try {
      while (turn < turns || (turn < mostTurns && performance.now() - since < mostMs && !isNarrow())) {
        turn++;
        progress(`out: turn ${turn} of ${turns} to ${mostTurns}`);
        await takeTurn(turn);
        await stopAll();
        // Of a run that is ended before its time these are left.
        const read = allWays.map((way) => `${way.name} ${readings.get(way)?.at(-1)?.toFixed(1)}`);
        progress(`out: ${read.join(", ")} µs; RSA-2048 ${median(bareReadings).toFixed(1)}`);
      }
    } finally {
      await stopAll();
      internet.stop();
    }
    const cpu = (way: Way): number => median(readings.get(way) ?? []);
    const counted = (way: Way): readonly string[] =>
      countable.map((event) =>
        (median((counts.get(way) ?? []).map((ofPart) => ofPart.get(event) ?? NaN)) / partMessages).toFixed(1),
      );
    const collected = (way: Way): string =>
      ((1000 * (collections.get(way) ?? 0)) / (turn * parts * partMessages)).toFixed(2);
    const bare = median(bareReadings);
    const intervalText = (values: readonly number[], digits: number): string => {
      const { low, high } = medianInterval(values);
      return Number.isFinite(high - low) ? `${low.toFixed(digits)} to ${high.toFixed(digits)}` : "any";
    };
    const beside = (values: readonly number[], digits: number, unit: string): readonly string[] => {
      const at = quantilesOf(values);
      const all = [at(0.5), at(0.25), at(0.75)].map((value) => value.toFixed(digits));
      return [
        `${all[0]} ${unit}`,
        `${intervalText(values, digits)} ${unit}`,
        `${all[1]} to ${all[2]} ${unit}`,
      ];
    };
    const judged = (values: readonly number[], most: number): Pick<Mark, "met" | "isNotShown"> => {
      const shown = isAtMost(medianInterval(values), most);
      return { met: shown === "met", ...(shown === "not shown" && { isNotShown: true }) };
    };
    const signingMark = (when: string, all: readonly number[]): Mark => ({
      name: `DKIM: CPU a message, ${when}`,
      required: `≤ ${mostSignatures} × the bare signature (${bare.toFixed(0)} µs)`,
      measured: `${median(all).toFixed(2)} × (${intervalText(all, 2)})`,
      ...judged(all, mostSignatures),
    });
    const noTime = ["", "", ""];
    return {
      title: "What signing costs, CPU a message",
      table: [
        [
          "",
          "CPU µs/msg",
          "beside the smart host as fast (median of turns)",
          "its interval, 95 %",
          "middle half of turns",
          "full collections in 1,000",
          ...countable,
        ],
        [plain.name, cpu(plain).toFixed(0), ...noTime, collected(plain), ...counted(plain)],
        [
          signed.name,
          cpu(signed).toFixed(0),
          ...beside(signing(), 0, "µs"),
          collected(signed),
          ...counted(signed),
        ],
        [plainPaced.name, cpu(plainPaced).toFixed(0), ...noTime, "", ...counted(plainPaced)],
        [
          signedPaced.name,
          cpu(signedPaced).toFixed(0),
          ...beside(signingPaced(), 0, "µs"),
          "",
          ...counted(signedPaced),
        ],
        ["RSA-2048 signature alone", bare.toFixed(0), ...noTime, "", ...countable.map(() => "")],
      ],
      notes: [
        `${turn} turns, each of two relays of one configuration started for it and warmed up: one takes what is not signed, the other what is signed, ${partMessages} messages of 4 KB of each in turn, ${parts * partMessages} in all, ${mostUnderWay} under way.`,
        "All CPU is counted where it falls, collections of garbage too.",
        `At ${sameRatePerSecond} a second, ${pacedParts * partMessages} messages of each, behind those.`,
        "A mark is met, or missed, when the whole interval of the median says so; else it is not shown.",
        ...(countable.length === 0
          ? []
          : [
              `The last columns are counts of perf a message, medians of ${countedRounds} parts in each of ${leastTurns} turns at most.`,
            ]),
      ],
      marks: [
        signingMark("as fast as each goes", signatures()),
        signingMark(`both at ${sameRatePerSecond} a second`, inSignatures(signingPaced())),
      ],
    };
  },
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const width = ({ low, high }: Interval): number => high - low;

/** CPU time of RSA-2048 over a header of the usual size, in microseconds. */
function bareSignatureMicros(key: Parameters<typeof sign>[2]): number {
  const data = Buffer.alloc(1024, "x");
  const many = 100;
  const before = process.cpuUsage();
  for (let n = 0; n < many; n++) sign("sha256", data, key);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / many;
}
