/** Traffic of days as a record of it, made up from what sources did. */
import { mkdir, writeFile } from "node:fs/promises";
import type { Door } from "../../src/core/policy/door.ts";
import { TrafficDecoder } from "../../src/core/traffic/traffic-decoder.ts";
import { TrafficEncoder } from "../../src/core/traffic/traffic-encoder.ts";
import type { TrafficListener } from "../../src/core/traffic/traffic-facts.ts";
import { dayOf, logFilePath } from "../../src/logs/log-files.ts";
import { trafficFamily } from "../../src/traffic/traffic-files.ts";
import { frameOf } from "../../src/traffic/traffic-frames.ts";

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
export const firstDayMs = Date.UTC(2026, 9, 19);

export interface Stay {
  readonly source: string;
  /** Behind the beginning of the first day. */
  readonly atMs: number;
  readonly lastsMs: number;
  /** Behind its coming; none: it sends nothing. */
  readonly messages: readonly number[];
  readonly heloName?: string;
  readonly user?: string;
  /** Default: `In`. */
  readonly connector?: string;
  readonly door?: Door;
  /** It was refused at the door: the kind. */
  readonly refused?: "connectionLimitPerSource";
}

/** So many at once, which come within a second, send one message each, and stay for some seconds. */
export function burst(source: string, atMs: number, connections: number, more: Partial<Stay> = {}): Stay[] {
  return Array.from({ length: connections }, (_, index) => ({
    source,
    atMs: atMs + Math.floor((index * 1000) / connections),
    lastsMs: 5_000 + index,
    messages: [50],
    ...more,
  }));
}

/** On each of the days at this time of it. */
export function daily(
  days: readonly number[],
  timeMs: number,
  of: (atMs: number, day: number) => Stay[],
): Stay[] {
  return days.flatMap((day) => of(day * dayMs + timeMs, day));
}

export const daysFrom = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, index) => first + index);

/** Tells it to listeners, as a relay would have recorded it on its connector `In`. */
export function recordOf(stays: readonly Stay[]): (listener: TrafficListener) => void {
  const octets = segmentOf(stays);
  return (listener) => new TrafficDecoder(listener).segment(octets);
}

/** Where a relay finds it that starts on this data directory. `beginMs`: what stands for the beginning of the first day. */
export async function writeRecord(
  dataDirectory: string,
  stays: readonly Stay[],
  beginMs = firstDayMs,
): Promise<void> {
  const family = trafficFamily(dataDirectory);
  await mkdir(family.directory, { recursive: true });
  const path = logFilePath(family, dayOf(new Date(beginMs)), 1);
  await writeFile(path, frameOf("S", segmentOf(stays, beginMs)));
}

function segmentOf(stays: readonly Stay[], beginMs = firstDayMs): Buffer {
  const encoder = new TrafficEncoder(beginMs);
  encoder.begin(beginMs, 0);
  const numbers = new Map<Stay, number>();
  const entries = stays.flatMap((stay) => {
    const { source, atMs, lastsMs, messages, heloName = "", user = "", refused } = stay;
    const { connector = "In", door = "SMTP" } = stay;
    const client = { connector, source, address: source, door };
    const at = (behindMs: number): number => beginMs + atMs + behindMs;
    if (refused !== undefined) return [{ at: at(0), tell: () => encoder.turnedAway(at(0), client, refused) }];
    const number = (): number => numbers.get(stay) ?? 0;
    return [
      { at: at(0), tell: () => void numbers.set(stay, encoder.admitted(at(0), client)) },
      ...messages.map((behindMs) => ({
        at: at(behindMs),
        tell: () => {
          encoder.described(at(behindMs), number(), user, "", heloName, "", "");
          encoder.message(at(behindMs), number());
          encoder.kept(at(behindMs), number(), 1, 2_000);
        },
      })),
      { at: at(lastsMs), tell: () => void encoder.left(at(lastsMs), number()) },
    ];
  });
  for (const { tell } of entries.sort((a, b) => a.at - b.at)) tell();
  return encoder.take();
}
