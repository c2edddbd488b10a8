/** Twenty values of a limit over a million recorded connections, as Test-ReceiveConnector tries them: wall time and CPU. */
import { performance } from "node:perf_hooks";
import { median } from "../median.ts";
import { progress } from "../progress.ts";
import { recordedConnector, writeRecord } from "../recorded-traffic.ts";
import type { Run } from "./run.ts";

const connections = 1_000_000;
const values = 20;
const mostSeconds = 5;
const attempts = 3;

const asked = [
  { name: "5 to 100 connections a source", of: (at: number) => 5 * (at + 1) },
  { name: "1 to 20 connections a source", of: (at: number) => at + 1 },
] as const;

export const whatIf: Run = {
  name: "what-if",
  about: "20 values of a limit over a million recorded connections: wall time",
  async run({ folder }) {
    const record = await writeRecord(
      { dataDirectory: folder, sources: 1_000, connections, days: 7, mostAtOnce: 60 },
      (part) => progress(`what-if: the record, ${Math.floor(part * 100)} %`),
    );
    try {
      const rows: string[][] = [];
      const walls: number[] = [];
      for (const { name, of } of asked) {
        const seconds: number[] = [];
        const cpus: number[] = [];
        let refused = "";
        for (let attempt = 1; attempt <= attempts; attempt++) {
          progress(`what-if: ${name}, ${attempt} of ${attempts}`);
          const scenarios = Array.from({ length: values }, (_, at) => ({
            connectors: [recordedConnector(of(at))],
            maxConnectionRatePerMinute: Infinity,
          }));
          const begun = performance.now();
          const before = process.cpuUsage();
          const { worlds } = await record.replay({
            present: [recordedConnector(20)],
            scenarios,
            refusedClients: { kind: "gone" },
            users: [],
            applications: [],
            ipv6SourcePrefixLength: 64,
            fromMs: 0,
            toMs: Infinity,
          });
          const { user, system } = process.cpuUsage(before);
          seconds.push((performance.now() - begun) / 1000);
          cpus.push((user + system) / 1e6);
          const counts = worlds.map((world) => world[0]?.refused["maxInboundConnectionPerSource"] ?? 0);
          refused = `${percent(Math.min(...counts))} to ${percent(Math.max(...counts))}`;
        }
        const wall = median(seconds);
        walls.push(wall);
        rows.push([name, refused, `${wall.toFixed(1)} s`, `${median(cpus).toFixed(1)} s`]);
      }
      return {
        title: `${values} values tried on ${connections.toLocaleString("en")} recorded connections of 1,000 sources`,
        table: [["values", "refused of all", "wall time", "CPU of all threads"], ...rows],
        notes: [
          `The median of ${attempts}. Threads run below the mail's priority: only a quiet machine tells.`,
        ],
        marks: rows.map(([name = ""], at) => ({
          name: `what-if: ${name}`,
          required: `≤ ${mostSeconds} s`,
          measured: `${(walls[at] ?? 0).toFixed(1)} s`,
          met: (walls[at] ?? Infinity) <= mostSeconds,
        })),
      };
    } finally {
      await record.close();
    }
  },
};

const percent = (count: number): string => `${((100 * count) / connections).toFixed(1)} %`;
