/**
 * How many connections, or messages a minute, a source needs, by what it used on each day; and whether some of that was no
 * use but a fault: connections that are never closed, attempts without a pause, or a sudden flood.
 *
 * What comes again on other days is use, however much: a batch each midnight. What came once is use up to ten times of what was usual.
 */
import type { DayOfSource } from "./use-facts.ts";

export type OutlierKind = "leak" | "storm" | "flood";

export interface Outlier {
  readonly kind: OutlierKind;
  /** On the worst of the days. */
  readonly highest: number;
  /** That one. */
  readonly day: number;
  /** How many days were like that. */
  readonly days: number;
  /** The highest of the others; and how many those are. */
  readonly usual: number;
  readonly usualDays: number;
  /** Of a leak, 0 to 1: of the time for which connections were open, so much nothing was sent. */
  readonly idlePart: number;
  readonly meanLifeMs: number;
  /** Of a storm. */
  readonly refused: number;
}

export interface Verdict {
  /** The highest of all. */
  readonly highest: number;
  readonly highestDay: number;
  /** What a limit must let in. */
  readonly need: number;
  readonly outlier: Outlier | undefined;
  /** The days that count. */
  readonly days: readonly { readonly day: number; readonly value: number }[];
}

const leakPart = 0.5;
const leakLifeMs = 60_000;
/** A leak of fewer harms nobody. */
const leastLeak = 5;
const floodTimes = 10;
const leastFlood = 10;
/** So many ordinary days tell what is usual. */
const leastUsualDays = 3;

/** `what`: which of the figures. `days`: none is empty. */
export function verdictOf(days: readonly DayOfSource[], what: "open" | "messages"): Verdict {
  const values = days.map((one) => ({ one, day: one.day, value: one[what] }));
  const sorted = [...values].sort((a, b) => b.value - a.value);
  const top = sorted[0];
  const highest = top?.value ?? 0;
  const found = what === "open" ? (leakOf(sorted) ?? stormOf(sorted) ?? floodOf(sorted)) : floodOf(sorted);
  const left = found === undefined ? sorted : sorted.filter((one) => !found.days.includes(one));
  const ordinary = left.map(({ day, value }) => ({ day, value }));
  const need = Math.max(found?.leastNeed ?? 0, ...ordinary.map(({ value }) => value));
  return {
    highest,
    highestDay: top?.day ?? 0,
    need,
    outlier: found && outlierOf(found, left),
    days: ordinary,
  };
}

interface Value {
  readonly one: DayOfSource;
  readonly day: number;
  readonly value: number;
}

interface Found {
  readonly kind: OutlierKind;
  readonly days: readonly Value[];
  /** What those days needed nevertheless. */
  readonly leastNeed: number;
}

function leakOf(sorted: readonly Value[]): Found | undefined {
  const idle = sorted.filter(({ one }) => isIdle(one));
  const calm = sorted.filter(({ one }) => !isIdle(one));
  // Who keeps its connections each day has a pool: of it, what is usual is what it has on most days.
  const usual = calm[0]?.value ?? idle[idle.length >> 1]?.value ?? 0;
  const days = idle.filter(({ value }) => value >= leastLeak && value > 2 * usual);
  const isUsual = 2 * days.length > sorted.length;
  return days.length === 0 || isUsual ? undefined : { kind: "leak", days, leastNeed: 1 };
}

function isIdle(one: DayOfSource): boolean {
  return one.connections > 0 && idlePart(one) >= leakPart && one.lifeMs / one.connections >= leakLifeMs;
}

function idlePart({ lifeMs, idleMs }: DayOfSource): number {
  return lifeMs === 0 ? 0 : idleMs / lifeMs;
}

function stormOf(sorted: readonly Value[]): Found | undefined {
  const days = sorted.filter(({ one }) => one.refusedInStorm > 0);
  if (days.length === 0) return undefined;
  return { kind: "storm", days, leastNeed: Math.max(...days.map(({ one }) => one.openAtOnce)) };
}

function floodOf(sorted: readonly Value[]): Found | undefined {
  // Anything is ten times nothing: who sends once a month is no flood.
  const used = sorted.filter(({ value }) => value > 0);
  const most = Math.max(1, Math.floor(used.length / 5));
  for (let count = 1; count <= most && used.length - count >= leastUsualDays; count++) {
    const last = used[count - 1]?.value ?? 0;
    const next = used[count]?.value ?? 0;
    if (last >= leastFlood && last >= floodTimes * next)
      return { kind: "flood", days: used.slice(0, count), leastNeed: 0 };
  }
  return undefined;
}

function outlierOf({ kind, days }: Found, left: readonly Value[]): Outlier {
  const [worst] = days;
  const one = worst?.one;
  return {
    kind,
    highest: worst?.value ?? 0,
    day: worst?.day ?? 0,
    days: days.length,
    usual: left[0]?.value ?? 0,
    usualDays: left.length,
    idlePart: one === undefined ? 0 : idlePart(one),
    meanLifeMs: one === undefined || one.connections === 0 ? 0 : one.lifeMs / one.connections,
    refused: days.reduce((sum, { one: of }) => sum + of.refusedInStorm, 0),
  };
}
