/** Backlogs of several depths, next to the empty queue. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BacklogReading, measureBacklog } from "../backlog-reading.ts";
import type { Mark, Run } from "./run.ts";

const mebibyte = 2 ** 20;
/** The spool must come back to this part of its full size, or to what a small one always has. */
const mostLeft = 0.1;
const smallBytes = 64 * mebibyte;

export const backlog: Run = {
  name: "backlog",
  about: "--queued messages waiting: accept rate, memory, start-up, drain, disk space",
  async run({ folder, queued, messages, rounds }) {
    const depths = [...new Set([0, ...queued])].toSorted((a, b) => a - b);
    const readings: BacklogReading[] = [];
    for (const depth of depths) {
      readings.push(await measureBacklog({ queued: depth, messages, rounds, folder }));
      rmSync(join(folder, `backlog-${depth}`), { recursive: true, force: true });
    }
    const [empty] = readings;
    const deepest = readings.at(-1);
    return {
      title: "What waits while the next hop is down",
      table: [
        [
          "queued",
          "accepted/s",
          "RssAnon MB",
          "start-up ms",
          "drained/s",
          "normal/s afterwards",
          "spool MB: full",
          "drained",
          "started again",
        ],
        ...readings.map(row),
      ],
      notes: [
        `Filled through the spool itself, as the relay leaves messages of 4 KB whose next hop is down; then ${messages} more by SMTP, ${rounds + 1} times. Start-up is from the start of the process to its greeting.`,
      ],
      marks: empty === undefined || deepest === undefined || deepest === empty ? [] : marksOf(empty, deepest),
    };
  },
};

const megabytes = (bytes: number): string => (bytes / mebibyte).toFixed(0);

const row = (reading: BacklogReading): readonly string[] => [
  String(reading.queued),
  reading.acceptedPerSecond.toFixed(0),
  megabytes(reading.anonymousBytes),
  reading.startMs.toFixed(0),
  reading.drainedPerSecond.toFixed(0),
  reading.normalPerSecond.toFixed(0),
  megabytes(reading.spoolBytes),
  megabytes(reading.spoolBytesAfter),
  megabytes(reading.spoolBytesRestarted),
];

function marksOf(empty: BacklogReading, full: BacklogReading): readonly Mark[] {
  const accepts = (100 * full.acceptedPerSecond) / empty.acceptedPerSecond;
  const more = (full.anonymousBytes - empty.anonymousBytes) / mebibyte;
  const drains = (100 * full.drainedPerSecond) / empty.normalPerSecond;
  const left = (bytes: number): number => bytes / full.spoolBytes;
  const leastBytes = Math.min(full.spoolBytesAfter, full.spoolBytesRestarted);
  const at = `${full.queued.toLocaleString("en")} queued`;
  return [
    {
      name: `${at}: accept rate`,
      required: "≥ 80 % of an empty queue's",
      measured: `${accepts.toFixed(0)} %`,
      met: accepts >= 80,
    },
    {
      name: `${at}: private memory (RssAnon)`,
      required: "≤ 300 MB above an empty queue's",
      measured: `${more.toFixed(0)} MB`,
      met: more <= 300,
    },
    {
      name: `${at}: start-up`,
      required: "≤ 10 s",
      measured: `${(full.startMs / 1000).toFixed(1)} s`,
      met: full.startMs <= 10_000,
    },
    {
      name: `${at}: drain`,
      required: "≥ 60 % of the normal rate",
      measured: `${drains.toFixed(0)} %`,
      met: drains >= 60,
    },
    {
      name: `${at}: disk space after the drain`,
      required: "given back, at the latest by the next start",
      measured: `${(100 * left(full.spoolBytesAfter)).toFixed(0)} % of full, after the next start ${(100 * left(full.spoolBytesRestarted)).toFixed(0)} %`,
      met: left(leastBytes) <= mostLeft || leastBytes <= smallBytes,
    },
  ];
}
