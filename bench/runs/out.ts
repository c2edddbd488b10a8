/** What delivery by MX record costs once records are kept, and what a DKIM signature costs, beside a smart host without either. */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Load, measure } from "../load.ts";
import { loadOf } from "../loads.ts";
import { median, quantilesOf } from "../median.ts";
import { type Interval, isAtMost, leastTurns, medianInterval } from "../paired.ts";
import type { Peer } from "../peers/peer.ts";
import { startWeir } from "../peers/weir.ts";
import { type Counts, countableEvents, countedWhile } from "../perf-counters.ts";
import { threadsCpuMicros } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { startSmallInternet } from "../small-internet.ts";
import type { Mark, Run } from "./run.ts";

const mostMxPercent = 3;
const mostSignatures = 1.2;
/**
 * Each turn has relays of its own: what V8 makes of the same program differs from one process to the next by as much as a mark allows,
 * and readings of one process tell of that process. Turns go on until the intervals are as narrow as this: half of what a mark allows. It is their width that ends it, and not on which
 * side of the mark they lie, or looking often would make one lie on the good side by chance.
 */
const narrowPercent = mostMxPercent / 2;
const narrowSignatures = (mostSignatures - 1) / 2;
/** Times `--turns`. */
const mostMoreTurns = 4;
const mostMs = 20 * 60_000;
/** Enough to keep a relay busy; its queue holds them in memory. What a backlog costs is no part of what is asked. */
const mostUnderWay = 60;
/** Each relay's before it is read: V8 compiles what is called some ten thousand times, and what a message costs falls until then. */
const warmUpMessages = 15_000;
/** What is behind the last message is written by then. */
const settleMs = 100;
const plain = "smart host";
const byMx = "MX record, kept";
const signed = "smart host, DKIM (RSA-2048)";
/** The author of the bench's messages. */
const author = "sender.test";

export const out: Run = {
  name: "out",
  about:
    "CPU a message of delivery by MX record (records kept) and of DKIM, in --turns there and back, more where they spread",
  async run({ folder, messages, turns }) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const internet = await startSmallInternet({ sites: 1 });
    // One domain, one site, and the same sink for all: what differs is how its host is found, and the signature.
    const { anySite: sinkHost, mxPort: sinkPort } = internet;
    const ownClient: Load = {
      ...loadOf("reuse", messages),
      ownClient: true,
      destinations: 1,
      mostUnderWay,
    };
    /** Of the turn. */
    const relays = new Map<string, Peer>();
    let started = 0;
    /** CPU a message of each turn, in microseconds. */
    const readings = new Map<string, number[]>([plain, byMx, signed].map((name) => [name, []]));
    const start = async (name: string, isByMx: boolean, sections: readonly string[]): Promise<void> => {
      const directory = join(folder, `relay-${started++}`);
      mkdirSync(directory);
      writeFileSync(join(directory, "key.pem"), privateKey.export({ format: "pem", type: "pkcs8" }), {
        mode: 0o600,
      });
      const where = { directory, sinkPort, sinkHost, ...(isByMx && { internet }) };
      // As many connections, for as many messages.
      const send = ["smtpMaxMessagesPerConnection: unlimited"];
      relays.set(name, await startWeir(where, { send, sections }));
    };
    const startAll = async (): Promise<void> => {
      await start(plain, false, []);
      await start(byMx, true, []);
      await start(signed, false, [
        "dkimKeys:",
        `  - name: r._domainkey.${author}`,
        "    keyFile: key.pem",
        "    state: active",
      ]);
    };
    const stopAll = async (): Promise<void> => {
      await Promise.allSettled([...relays.values()].map((peer) => peer.stop()));
      relays.clear();
    };
    const named = (name: string): Peer => {
      const relay = relays.get(name);
      if (relay === undefined) throw new Error(`there is no relay ${name}`);
      return relay;
    };
    const send = async (relay: Peer): Promise<void> => {
      await measure(relay, sinkPort, ownClient, internet);
      await delay(settleMs);
    };
    const read = async (name: string): Promise<number> => {
      const relay = named(name);
      const before = threadsCpuMicros(relay.pid);
      await send(relay);
      return (threadsCpuMicros(relay.pid) - before) / ownClient.messages;
    };
    /** Of each turn against the plain reading of the same turn. */
    const differences = (name: string, of: (one: number, base: number) => number): readonly number[] =>
      (readings.get(name) ?? []).map((one, turn) => of(one, readings.get(plain)?.[turn] ?? NaN));
    const mxPercent = (): readonly number[] => differences(byMx, (one, base) => 100 * (one / base - 1));
    const signing = (): readonly number[] => differences(signed, (one, base) => one - base);
    const bareReadings: number[] = [];
    /** In bare signatures. */
    const signatures = (): readonly number[] => signing().map((micros) => micros / median(bareReadings));
    const isNarrow = (): boolean =>
      width(medianInterval(mxPercent())) <= narrowPercent &&
      width(medianInterval(signatures())) <= narrowSignatures;
    const countable = countableEvents();
    const counts = new Map<string, Counts>();
    // Fewer are a trial of the bench.
    const mostTurns = turns < leastTurns ? turns : mostMoreTurns * turns;
    const warmUps = turns < leastTurns ? 1 : Math.ceil(warmUpMessages / ownClient.messages);
    const since = performance.now();
    let turn = 0;
    try {
      while (turn < turns || (turn < mostTurns && performance.now() - since < mostMs && !isNarrow())) {
        turn++;
        progress(`out: turn ${turn} of ${turns} to ${mostTurns}`);
        await startAll();
        for (let n = 0; n < warmUps; n++) for (const name of relays.keys()) await read(name);
        // There and back, so that none is always first and what drifts meets all alike.
        const there = turn % 2 === 0 ? [...relays.keys()].toReversed() : [...relays.keys()];
        const cpu = new Map<string, number>();
        for (const name of [...there, ...there.toReversed()]) {
          cpu.set(name, (cpu.get(name) ?? 0) + (await read(name)) / 2);
          // In turns too: how fast the processor is changes within minutes.
          bareReadings.push(bareSignatureMicros(privateKey));
        }
        for (const [name, micros] of cpu) readings.get(name)?.push(micros);
        // Behind the readings: to be counted costs time.
        for (const name of turn > 1 || countable.length === 0 ? [] : relays.keys()) {
          const relay = named(name);
          counts.set(name, await countedWhile(relay.pid, countable, () => send(relay)));
        }
        await stopAll();
      }
    } finally {
      await stopAll();
      internet.stop();
    }
    const cpu = (name: string): number => median(readings.get(name) ?? []);
    const counted = (name: string): readonly string[] =>
      countable.map((event) => ((counts.get(name)?.get(event) ?? NaN) / ownClient.messages).toFixed(1));
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
    const noTime = ["", "", ""];
    return {
      title: "What the way out costs, CPU a message",
      table: [
        [
          "",
          "CPU µs/msg",
          "beside the smart host (median of turns)",
          "its interval, 95 %",
          "middle half of turns",
          ...countable,
        ],
        [plain, cpu(plain).toFixed(0), ...noTime, ...counted(plain)],
        [byMx, cpu(byMx).toFixed(0), ...beside(mxPercent(), 1, "%"), ...counted(byMx)],
        [signed, cpu(signed).toFixed(0), ...beside(signing(), 0, "µs"), ...counted(signed)],
        ["RSA-2048 signature alone", bare.toFixed(0), ...noTime, ...countable.map(() => "")],
      ],
      notes: [
        `${turn} turns, each of relays started for it and warmed up, there and back, of twice ${ownClient.messages} messages of 4 KB to one domain, ${mostUnderWay} of them under way.`,
        "A mark is met, or missed, when the whole interval of the median says so; else it is not shown.",
        ...(countable.length === 0 ? [] : ["The last columns are counts of perf a message, of one reading."]),
      ],
      marks: [
        {
          name: "delivery by MX record, records kept",
          required: `≤ ${mostMxPercent} % of CPU a message`,
          measured: `${median(mxPercent()).toFixed(1)} % (${intervalText(mxPercent(), 1)})`,
          ...judged(mxPercent(), mostMxPercent),
        },
        {
          name: "DKIM: CPU a message",
          required: `≤ ${mostSignatures} × the bare signature (${bare.toFixed(0)} µs)`,
          measured: `${median(signatures()).toFixed(2)} × (${intervalText(signatures(), 2)})`,
          ...judged(signatures(), mostSignatures),
        },
      ],
    };
  },
};

const width = ({ low, high }: Interval): number => high - low;

/** CPU time of RSA-2048 over a header of the usual size, in microseconds. */
function bareSignatureMicros(key: Parameters<typeof sign>[2]): number {
  const data = Buffer.alloc(1024, "x");
  const many = 200;
  const before = process.cpuUsage();
  for (let n = 0; n < many; n++) sign("sha256", data, key);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / many;
}
