/** What limits, events at Expert, tracking and the traffic record cost: the same load through a Weir with each, in short turns. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { categories } from "../../src/events/catalogue.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type Reading, measure } from "../load.ts";
import { loadOf } from "../loads.ts";
import { median, quantilesOf } from "../median.ts";
import type { Peer } from "../peers/peer.ts";
import { type WeirVariant, startWeir, unlimited } from "../peers/weir.ts";
import { progress } from "../progress.ts";
import type { Run } from "./run.ts";

/** Checked for every connection and message, and never met. */
const limits: readonly string[] = [
  "maxInboundConnectionPerSource: 5000",
  "maxInboundConnectionPercentagePerSource: 100",
  "messageRateLimit: 100000000",
  "messageRateSource: All",
];
const expert: readonly string[] = [
  "diagnostics:",
  "  levels:",
  ...categories.map((category) => `    MSExchangeTransport\\${category}: Expert`),
];

interface Extras {
  readonly limits?: boolean;
  readonly expert?: boolean;
  readonly tracking?: boolean;
  readonly traffic?: boolean;
}

const plain = "none of them";
const everything = "all four";
const trafficRecord = "traffic record";
const variants: ReadonlyMap<string, Extras> = new Map([
  [plain, {}],
  ["limits", { limits: true }],
  ["events at Expert", { expert: true }],
  ["tracking", { tracking: true }],
  [trafficRecord, { traffic: true }],
  [everything, { limits: true, expert: true, tracking: true, traffic: true }],
]);

const variantOf = (extras: Extras): WeirVariant => ({
  receive: extras.limits === true ? limits : unlimited,
  sections: [
    "transport:",
    `  messageTrackingLogEnabled: ${extras.tracking === true}`,
    `  trafficRecordEnabled: ${extras.traffic === true}`,
    ...(extras.limits === true ? ["  maxConnectionRatePerMinute: 100000000"] : []),
    ...(extras.expert === true ? expert : []),
  ],
});

/** Many turns are short: a slow moment of the machine meets few of them, and the median none. */
const part = 0.5;
const mostPercent = 15;
const mostPercentOfRecord = 2;

export const prices: Run = {
  name: "prices",
  about: "throughput lost to limits, events at Expert, tracking and the traffic record, each and together",
  async run({ folder, messages, turns }) {
    const sinkPort = await freePort();
    const relays = new Map<string, Peer>();
    const readings = new Map<string, Reading[]>();
    const load = loadOf("reuse", Math.ceil(messages * part));
    try {
      for (const [name, extras] of variants) {
        const directory = join(folder, name.replaceAll(" ", "-"));
        mkdirSync(directory);
        relays.set(name, await startWeir({ directory, sinkPort }, variantOf(extras)));
        readings.set(name, []);
      }
      for (const relay of relays.values()) await measure(relay, sinkPort, load);
      for (let turn = 1; turn <= turns; turn++) {
        progress(`prices: turn ${turn} of ${turns}`);
        // There and back, so that none of them is always first.
        const order = turn % 2 === 0 ? [...relays].reverse() : [...relays];
        for (const [name, relay] of order) readings.get(name)?.push(await measure(relay, sinkPort, load));
      }
    } finally {
      await Promise.allSettled([...relays.values()].map((relay) => relay.stop()));
    }
    const base = readings.get(plain) ?? [];
    /** Percent, of each turn against the plain reading of the same turn. */
    const pricesOf = (name: string): readonly number[] =>
      (readings.get(name) ?? []).map(
        (reading, turn) => 100 * (1 - reading.endToEndPerSecond / (base[turn]?.endToEndPerSecond ?? NaN)),
      );
    const rows = [...readings].map(([name, all]) => {
      const price = quantilesOf(pricesOf(name));
      const cpu = median(all.map((reading) => reading.cpuMicrosPerMessage));
      return [
        name,
        median(all.map((reading) => reading.endToEndPerSecond)).toFixed(0),
        name === plain ? "" : `${price(0.5).toFixed(1)} %`,
        name === plain ? "" : `${price(0.25).toFixed(1)} to ${price(0.75).toFixed(1)} %`,
        cpu.toFixed(0),
      ];
    });
    const full = median(pricesOf(everything));
    const record = median(pricesOf(trafficRecord));
    return {
      title: "The price of what may be turned on",
      table: [
        ["with", "end to end/s", "price (median of turns)", "middle half of turns", "CPU µs/msg"],
        ...rows,
      ],
      notes: [`${turns} turns of ${load.messages} messages, each compared with the plain one of its turn.`],
      marks: [
        {
          name: "price of the traffic record",
          required: `≤ ${mostPercentOfRecord} % of throughput`,
          measured: `${record.toFixed(1)} %`,
          met: record <= mostPercentOfRecord,
        },
        {
          name: "price of limits, events at Expert, tracking and the traffic record together",
          required: `≤ ${mostPercent} % of throughput`,
          measured: `${full.toFixed(1)} %`,
          met: full <= mostPercent,
        },
      ],
    };
  },
};
