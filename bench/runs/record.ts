/** 35 days of 1,000 sources in the traffic record: what they take on disk, and that a limit can be tried on all of them. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { progress } from "../progress.ts";
import { recordedConnector, writeRecord } from "../recorded-traffic.ts";
import type { Run } from "./run.ts";

const days = 35;
const sources = 1_000;
/** Each source every two minutes, day and night. */
const connections = days * sources * 720;
const mostBytes = 1_000_000_000;
const mostBytesEach = 60;

export const longRecord: Run = {
  name: "record",
  about: `${days} days of ${sources} sources in the traffic record: octets, and Test-ReceiveConnector over all of them`,
  async run({ folder }) {
    const record = await writeRecord(
      { dataDirectory: folder, sources, connections, days, mostAtOnce: 40 },
      (part) => progress(`record: written ${Math.floor(part * 100)} %`),
    );
    let played: number;
    let seconds: number;
    try {
      const begun = performance.now();
      const scenario = (limit: number) => ({
        connectors: [recordedConnector(limit)],
        maxConnectionRatePerMinute: Infinity,
      });
      const { recorded } = await record.replay(
        {
          present: [recordedConnector(20)],
          scenarios: [scenario(20), scenario(40)],
          refusedClients: { kind: "gone" },
          users: [],
          applications: [],
          ipv6SourcePrefixLength: 64,
          fromMs: 0,
          toMs: Infinity,
        },
        { onPart: (part) => progress(`record: played ${Math.floor(part * 100)} %`) },
      );
      seconds = (performance.now() - begun) / 1000;
      played = recorded[0]?.connections ?? 0;
    } finally {
      await record.close();
    }
    const bytes = await bytesIn(join(folder, "traffic"));
    const each = bytes / connections;
    return {
      title: `${days} days of ${sources.toLocaleString("en")} sources, ${connections.toLocaleString("en")} connections of a message each`,
      table: [
        ["on disk", "octets a connection", "played (Test-ReceiveConnector -Last 35d)", "in"],
        [
          `${(bytes / 1e6).toFixed(0)} MB`,
          each.toFixed(1),
          played.toLocaleString("en"),
          `${seconds.toFixed(0)} s`,
        ],
      ],
      notes: [],
      marks: [
        mark(
          "35 days of 1,000 sources on disk",
          "≤ 1,000 MB",
          `${(bytes / 1e6).toFixed(0)} MB`,
          bytes <= mostBytes,
        ),
        mark("octets a connection", `≤ ${mostBytesEach}`, each.toFixed(1), each <= mostBytesEach),
        mark(
          "connections played of those recorded",
          "all",
          played.toLocaleString("en"),
          played === connections,
        ),
      ],
    };
  },
};

const mark = (name: string, required: string, measured: string, met: boolean) => ({
  name: `record: ${name}`,
  required,
  measured,
  met,
});

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
