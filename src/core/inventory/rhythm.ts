/**
 * Silent senders: who is expected by its own rhythm, or by the hours an administrator gave, and did not come. All in whole
 * hours since 1970.
 *
 * The rhythm is a week's: an hour of the week is usual where mail came in it, or beside it, in two of three weeks at least. How
 * far that is to be trusted the sender's past tells: each week is foretold from the others, and only who came in nine of
 * ten usual hours is judged so. Who comes as it happens is judged by its longest pause.
 */
import type { WeeklyHours } from "../units/weekly-hours.ts";
import { dayMs, hourMs } from "./volume.ts";

/** Hours in which the relay was not there, both included. */
export interface Outage {
  readonly fromHour: number;
  readonly toHour: number;
}

/** Hours with mail. */
export interface Presence {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** Bit 0 is the hour from midnight on. */
  readonly hours: number;
}

export interface Silence {
  /** The last hour with mail. */
  readonly lastHour: number;
  /** `rhythm`: its usual hours went by; `pause`: it never paused for so long; `hours`: those that were set. */
  readonly by: "rhythm" | "pause" | "hours";
  /** The first hour it was missed in; of a pause: the end of the longest one before. */
  readonly missedFrom: number;
}

const minuteMs = 60_000;
const weekHours = 168;
const weeks = 5;
const windowHours = weeks * weekHours;
/** Before that nothing is told of anybody. */
export const learningHours = weekHours;
const rhythmFromHours = 2 * weekHours;
/** One missed visit is three of them: its hour, and those beside it. */
const mostMissed = 3;
const leastForetold = 9;
const leastHits = 0.9;
const leastPauses = 6;

/**
 * `sinceHour`: what is known begins then, or later with the sender's first mail. Undefined: it is not silent, or not enough
 * is known. Cost: some 3,000 steps.
 */
export function silenceOf(
  presence: readonly Presence[],
  sinceHour: number,
  nowHour: number,
  outages: readonly Outage[] = [],
): Silence | undefined {
  const begin = nowHour - windowHours;
  const known = Math.max(0, sinceHour - begin);
  if (windowHours - known < learningHours) return undefined;
  const seen = new Uint8Array(windowHours);
  for (const { fromHour, toHour } of outages)
    seen.fill(away, Math.max(0, fromHour - begin), Math.max(0, toHour + 1 - begin));
  let last = -1;
  for (const { day, hours } of presence)
    for (let hour = 0; hour < 24; hour++) {
      const at = day * 24 + hour - begin;
      if ((hours & (2 ** hour)) === 0 || at < 0 || at >= windowHours) continue;
      seen[at] = came;
      last = Math.max(last, at);
    }
  // It sent nothing for weeks: nobody waits for it.
  if (last === -1) return undefined;
  const until = Math.max(last, seen.lastIndexOf(away));
  const rhythm = windowHours - known >= rhythmFromHours ? rhythmOf(seen, known, until) : undefined;
  if (rhythm !== undefined) {
    const { missed, missedFrom } = missedSince(rhythm.usual, until);
    if (missed < mostMissed || missed <= 2 * rhythm.longestRun) return undefined;
    return { lastHour: begin + last, by: "rhythm", missedFrom: begin + missedFrom };
  }
  // Before a whole week is seen nobody knows its weekends.
  const pause = last - known < weekHours ? undefined : longestPause(seen, known);
  if (pause === undefined || windowHours - 1 - until <= 2 * pause + 2) return undefined;
  return { lastHour: begin + last, by: "pause", missedFrom: begin + until + pause };
}

const came = 1;
/** The relay was not there: whether it would have come is not known. */
const away = 2;

interface Rhythm {
  /** By hour of the window's week. */
  readonly usual: Uint8Array;
  /** Most usual hours in which it was missed, one behind the other. */
  readonly longestRun: number;
}

/** Of the weeks of the window, up to `until`: what is behind it is to be judged. Undefined: it has none. */
function rhythmOf(seen: Uint8Array, known: number, until: number): Rhythm | undefined {
  const near = new Uint8Array(windowHours);
  const present = new Uint8Array(weekHours);
  const all = new Uint8Array(weekHours);
  for (let at = known; at <= until; at++) {
    const slot = at % weekHours;
    all[slot] = all[slot]! + 1;
    if (!seen[at - 1] && !seen[at] && !seen[at + 1]) continue;
    near[at] = 1;
    present[slot] = present[slot]! + 1;
  }
  const usual = new Uint8Array(weekHours);
  for (let slot = 0; slot < weekHours; slot++) if (isUsual(present[slot]!, all[slot]!)) usual[slot] = 1;
  let [foretold, hits, run, longestRun] = [0, 0, 0, 0];
  let [visits, inTime] = [0, 0];
  for (let at = known; at <= until; at++) {
    const slot = at % weekHours;
    const isNear = near[at]!;
    if (seen[at] === came) {
      visits++;
      inTime += usual[slot]!;
    }
    // Foretold from the other weeks alone.
    if (!isUsual(present[slot]! - isNear, all[slot]! - 1)) continue;
    foretold++;
    hits += isNear;
    run = isNear === 1 ? 0 : run + 1;
    longestRun = Math.max(longestRun, run);
  }
  const isTrusted = foretold >= leastForetold && hits / foretold >= leastHits;
  // What comes mostly outside of its usual hours has no rhythm.
  return isTrusted && inTime / visits >= leastHits ? { usual, longestRun } : undefined;
}

function isUsual(present: number, all: number): boolean {
  return all > 0 && present * 3 >= all * 2;
}

/** Usual hours that went by behind `last`, each with the hour that follows it. */
function missedSince(
  usual: Uint8Array,
  last: number,
): { readonly missed: number; readonly missedFrom: number } {
  let [missed, missedFrom] = [0, 0];
  for (let at = last + 2; at + 1 < windowHours; at++) {
    if (usual[at % weekHours] !== 1) continue;
    if (missed++ === 0) missedFrom = at;
  }
  return { missed, missedFrom };
}

/** In hours, between hours with mail; undefined: there were too few. */
function longestPause(seen: Uint8Array, known: number): number | undefined {
  let [pauses, longest, last] = [0, 0, -1];
  for (let at = known; at < windowHours; at++) {
    if (seen[at] === away) last = -1;
    if (seen[at] !== came) continue;
    if (last !== -1) {
      pauses++;
      longest = Math.max(longest, at - last);
    }
    last = at;
  }
  return pauses < leastPauses ? undefined : longest;
}

/**
 * Nothing came in the last expected time that is over. `localOffsetMs`: what the clock on the wall is ahead of UTC at an
 * instant, which differs from one to the next where summer time begins or ends.
 */
export function missedHours(
  expected: readonly WeeklyHours[],
  presence: readonly Presence[],
  nowMs: number,
  localOffsetMs: (atMs: number) => number,
): Silence | undefined {
  const nowOffsetMs = localOffsetMs(nowMs);
  const today = Math.floor((nowMs + nowOffsetMs) / dayMs);
  /** Of one that the clock shows twice both, of one that it leaps over the end of the leap before its beginning. */
  const instantsOf = (localMinute: number): { readonly first: number; readonly last: number } => {
    const localMs = localMinute * minuteMs;
    const [before, after] = [-leapMs, leapMs].map(
      (ms) => localMs - localOffsetMs(localMs - nowOffsetMs + ms),
    ) as [number, number];
    const shown = [before, after].filter((at) => at + localOffsetMs(at) === localMs);
    return shown.length === 0
      ? { first: before, last: after }
      : { first: Math.min(...shown), last: Math.max(...shown) };
  };
  let latest: { readonly from: number; readonly to: number } | undefined;
  for (let day = today; day >= today - 7; day--)
    for (const { days, fromMinute, toMinute } of expected) {
      // The first of January 1970 was a Thursday.
      if (!days.includes((day + 4) % 7)) continue;
      const to = instantsOf(day * 1440 + toMinute).last;
      if (to + graceMs > nowMs || (latest !== undefined && latest.to >= to)) continue;
      const from = instantsOf(day * 1440 + fromMinute).first;
      // Where summer time begins it may be a time that there is not.
      if (from < to) latest = { from, to };
    }
  if (latest === undefined) return undefined;
  const [from, to] = [Math.floor(latest.from / hourMs), Math.floor((latest.to + graceMs) / hourMs)];
  let lastHour = -1;
  for (const { day, hours } of presence)
    for (let hour = 0; hour < 24; hour++)
      if ((hours & (2 ** hour)) !== 0) lastHour = Math.max(lastHour, day * 24 + hour);
  // Whoever comes later is not silent any more.
  if (lastHour >= from) return undefined;
  return { lastHour: lastHour === -1 ? from : lastHour, by: "hours", missedFrom: Math.min(from, to) };
}

const graceMs = hourMs;
/** Around an instant at which the clock on the wall leaps. */
const leapMs = 3 * hourMs;
