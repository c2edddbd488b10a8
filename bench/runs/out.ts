/** What delivery by MX record costs once records are kept, and what a DKIM signature costs, beside a smart host without either. */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Load, measure } from "../load.ts";
import { loadOf } from "../loads.ts";
import { median, quantilesOf } from "../median.ts";
import type { Peer } from "../peers/peer.ts";
import { startWeir } from "../peers/weir.ts";
import { threadsCpuMicros } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { startSmallInternet } from "../small-internet.ts";
import type { Run } from "./run.ts";

const mostMxPercent = 3;
const mostSignatures = 1.2;
/** Enough to keep a relay busy; its queue holds them in memory. What a backlog costs is no part of what is asked. */
const mostUnderWay = 60;
/** What is behind the last message is written by then. */
const settleMs = 100;
const plain = "smart host";
const byMx = "MX record, kept";
const signed = "smart host, DKIM (RSA-2048)";
/** The author of the bench's messages. */
const author = "sender.test";

export const out: Run = {
  name: "out",
  about: "CPU a message of delivery by MX record (records kept) and of DKIM, in --turns there and back",
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
    const relays = new Map<string, Peer>();
    /** CPU a message of each turn, in microseconds. */
    const readings = new Map<string, number[]>();
    const start = async (name: string, isByMx: boolean, sections: readonly string[]): Promise<void> => {
      const directory = join(folder, `relay-${relays.size}`);
      mkdirSync(directory);
      writeFileSync(join(directory, "key.pem"), privateKey.export({ format: "pem", type: "pkcs8" }), {
        mode: 0o600,
      });
      const where = { directory, sinkPort, sinkHost, ...(isByMx && { internet }) };
      // As many connections, for as many messages.
      const send = ["smtpMaxMessagesPerConnection: unlimited"];
      relays.set(name, await startWeir(where, { send, sections }));
      readings.set(name, []);
    };
    const read = async (name: string): Promise<number> => {
      const relay = relays.get(name);
      if (relay === undefined) throw new Error(`there is no relay ${name}`);
      const before = threadsCpuMicros(relay.pid);
      await measure(relay, sinkPort, ownClient, internet);
      await delay(settleMs);
      return (threadsCpuMicros(relay.pid) - before) / ownClient.messages;
    };
    const bareReadings: number[] = [];
    try {
      await start(plain, false, []);
      await start(byMx, true, []);
      await start(signed, false, [
        "dkimKeys:",
        `  - name: r._domainkey.${author}`,
        "    keyFile: key.pem",
        "    state: active",
      ]);
      for (const name of relays.keys()) await read(name);
      for (let turn = 1; turn <= turns; turn++) {
        progress(`out: turn ${turn} of ${turns}`);
        // There and back, so that none is always first and what drifts meets all alike.
        const there = [...relays.keys()];
        const cpu = new Map<string, number>();
        for (const name of [...there, ...there.toReversed()]) {
          cpu.set(name, (cpu.get(name) ?? 0) + (await read(name)) / 2);
          // In turns too: how fast the processor is changes within minutes.
          bareReadings.push(bareSignatureMicros(privateKey));
        }
        for (const [name, micros] of cpu) readings.get(name)?.push(micros);
      }
    } finally {
      await Promise.allSettled([...relays.values()].map((peer) => peer.stop()));
      internet.stop();
    }
    const cpu = (name: string): number => median(readings.get(name) ?? []);
    /** Of each turn against the plain reading of the same turn. */
    const differences = (name: string, of: (one: number, base: number) => number): readonly number[] =>
      (readings.get(name) ?? []).map((one, turn) => of(one, readings.get(plain)?.[turn] ?? NaN));
    const mxPercent = differences(byMx, (one, base) => 100 * (one / base - 1));
    const bare = median(bareReadings);
    const signing = differences(signed, (one, base) => one - base);
    const spread = (values: readonly number[], digits: number): string => {
      const at = quantilesOf(values);
      return `${at(0.25).toFixed(digits)} to ${at(0.75).toFixed(digits)}`;
    };
    return {
      title: "What the way out costs, CPU a message",
      table: [
        ["", "CPU µs/msg", "beside the smart host (median of turns)", "middle half of turns"],
        [plain, cpu(plain).toFixed(0), "", ""],
        [byMx, cpu(byMx).toFixed(0), `${median(mxPercent).toFixed(1)} %`, `${spread(mxPercent, 1)} %`],
        [signed, cpu(signed).toFixed(0), `${median(signing).toFixed(0)} µs`, `${spread(signing, 0)} µs`],
        ["RSA-2048 signature alone", bare.toFixed(0), "", ""],
      ],
      notes: [
        `${turns} turns, there and back, of twice ${ownClient.messages} messages of 4 KB to one domain, ${mostUnderWay} of them under way.`,
      ],
      marks: [
        {
          name: "delivery by MX record, records kept",
          required: `≤ ${mostMxPercent} % of CPU a message`,
          measured: `${median(mxPercent).toFixed(1)} %`,
          met: median(mxPercent) <= mostMxPercent,
        },
        {
          name: "DKIM: CPU a message",
          required: `≤ ${mostSignatures} × the bare signature (${bare.toFixed(0)} µs)`,
          measured: `${median(signing).toFixed(0)} µs, ${(median(signing) / bare).toFixed(2)} ×`,
          met: median(signing) <= mostSignatures * bare,
        },
      ],
    };
  },
};

/** CPU time of RSA-2048 over a header of the usual size, in microseconds. */
function bareSignatureMicros(key: Parameters<typeof sign>[2]): number {
  const data = Buffer.alloc(1024, "x");
  const many = 200;
  const before = process.cpuUsage();
  for (let n = 0; n < many; n++) sign("sha256", data, key);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / many;
}
