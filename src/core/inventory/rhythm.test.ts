import { describe, expect, it, test } from "vitest";
import { parseWeeklyHours, type WeeklyHours } from "../units/weekly-hours.ts";
import { missedHours, silenceOf, type Presence } from "./rhythm.ts";

/** A Monday, 00:00 UTC, in hours since 1970. */
const monday = Date.UTC(2026, 10, 2) / 3_600_000;

/** `comes`: whether mail comes in an hour, by day and hour since the Monday. */
function presenceOf(days: number, comes: (day: number, hour: number) => boolean): Presence[] {
  return Array.from({ length: days }, (_, day) => ({
    day: monday / 24 + day,
    hours: Array.from({ length: 24 }, (_hour, hour) => (comes(day, hour) ? 2 ** hour : 0)).reduce(
      (mask, bit) => mask | bit,
      0,
    ),
  }));
}

/** The first hour since the Monday at which it is called silent, asked every so many hours; undefined: never. */
function toldAt(
  presence: readonly Presence[],
  until: number,
  { begin = 0, every = 1 }: { readonly begin?: number; readonly every?: number } = {},
): string | undefined {
  for (let hour = begin; hour < until; hour += every) {
    const now = monday + hour;
    const known = presence
      .filter(({ day }) => day * 24 <= now)
      .map(({ day, hours }) => ({
        day,
        hours: day * 24 + 24 > now ? hours & (2 ** (now - day * 24) - 1) : hours,
      }));
    const found = silenceOf(known, monday, now);
    if (found !== undefined) return `day ${Math.floor(hour / 24)}, ${hour % 24}:00, ${found.by}`;
  }
  return undefined;
}

const isWorkday = (day: number): boolean => day % 7 < 5;
const office = (day: number, hour: number): boolean => isWorkday(day) && hour >= 8 && hour < 18;
const nightly = (_: number, hour: number): boolean => hour === 0;
/** The same pseudo-random numbers each time. */
function sometimes(part: number): (day: number, hour: number) => boolean {
  return (day, hour) => {
    let x = (day * 24 + hour + 1) * 2654435761;
    x = Math.imul(x ^ (x >>> 15), 2246822519);
    x = Math.imul(x ^ (x >>> 13), 3266489917);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32 < part;
  };
}

describe("who comes as usual is never called silent", () => {
  test.each<[string, (day: number, hour: number) => boolean]>([
    ["office hours, weekends off", office],
    ["a batch each midnight", nightly],
    ["a batch each workday's midnight", (day, hour) => isWorkday(day) && hour === 0],
    ["a batch an hour early or late", (day, hour) => hour === 2 + ((day * 7) % 3)],
    ["a report each Monday", (day, hour) => day % 7 === 0 && hour === 6],
    ["each hour", () => true],
    ["as it happens, often", sometimes(0.5)],
    ["as it happens", sometimes(0.12)],
    ["as it happens, seldom", sometimes(0.03)],
    ["once", (day, hour) => day === 3 && hour === 5],
    ["one busy day", (day, hour) => day === 3 && hour > 5],
    ["every other week", (day) => day % 14 < 5],
  ])("%s", (_, comes) => {
    expect(toldAt(presenceOf(43, comes), 42 * 24, { every: 5 })).toBeUndefined();
  });
});

describe("who stops is called silent", () => {
  test.each<[string, (day: number, hour: number) => boolean, number, string | undefined]>([
    ["a batch each midnight", nightly, 21, "day 21, 3:00, rhythm"],
    [
      "a batch each midnight, known for ten days: by the second it misses",
      nightly,
      10,
      "day 11, 4:00, pause",
    ],
    ["known for less than a week", nightly, 5, undefined],
    ["office hours, on a Monday", office, 28, "day 28, 11:00, rhythm"],
    [
      "office hours, on a Wednesday at noon",
      (day, hour) => office(day, hour) && (day !== 23 || hour < 12),
      24,
      "day 23, 17:00, rhythm",
    ],
    ["a report each Monday", (day, hour) => day % 7 === 0 && hour === 6, 28, "day 28, 9:00, rhythm"],
    ["each hour", () => true, 21, "day 21, 5:00, rhythm"],
    ["as it happens", sometimes(0.12), 28, "day 32, 8:00, pause"],
  ])("%s", (_, comes, stops, expected) => {
    const presence = presenceOf(49, (day, hour) => day < stops && comes(day, hour));
    expect(toldAt(presence, (stops + 7) * 24, { begin: (stops - 1) * 24 })).toBe(expected);
  });

  it("no more after five weeks: nobody waits for it", () => {
    const presence = presenceOf(21, nightly);
    expect(silenceOf(presence, monday, monday + 24 * 22)).toBeDefined();
    expect(silenceOf(presence, monday, monday + 24 * 56)).toBeUndefined();
  });

  it("one holiday is learned: the next is waited out twice as long", () => {
    const holiday = (day: number, hour: number): boolean => office(day, hour) && day !== 16;
    const presence = presenceOf(40, (day, hour) => day < 28 && holiday(day, hour));
    expect(toldAt(presence, 17 * 24, { begin: 14 * 24 })).toBe("day 16, 11:00, rhythm");
    const found = silenceOf(presence.slice(0, 28), monday, monday + 28 * 24 + 20);
    expect(found).toBeUndefined();
  });
});

test("what the relay missed itself is nobody's silence", () => {
  const presence = presenceOf(24, (day, hour) => day !== 21 && nightly(day, hour));
  const outages = [{ fromHour: monday + 20 * 24 + 22, toHour: monday + 21 * 24 + 9 }];
  expect(toldAt(presence, 22 * 24, { begin: 20 * 24 })).toBe("day 21, 3:00, rhythm");
  const seen = presence.filter(({ day }) => day < monday / 24 + 21);
  for (let hour = 9; hour < 23; hour++)
    expect(silenceOf(seen, monday, monday + 21 * 24 + hour, outages)).toBeUndefined();
  expect(silenceOf(seen, monday, monday + 22 * 24 + 3, outages)).toBeDefined();
});

describe("hours that were set", () => {
  const hours = (...texts: string[]): WeeklyHours[] =>
    texts.map((text) => {
      const read = parseWeeklyHours(text);
      if (!read.ok) throw new Error(read.message);
      return read.value;
    });
  const at = (day: number, hour: number): number => (monday + 24 * day + hour) * 3_600_000;
  const on = (...visits: (readonly [day: number, hour: number])[]): Presence[] =>
    visits.map(([day, hour]) => ({ day: monday / 24 + day, hours: 2 ** hour }));

  test.each<[string, readonly string[], readonly Presence[], number, number, boolean]>([
    ["within them nobody is late yet", ["Mon-Fri 08:00-18:00"], on([0, 9]), at(1, 17), 0, false],
    ["an hour behind them he is", ["Mon-Fri 08:00-18:00"], on([0, 9]), at(1, 19), 0, true],
    ["who came was there", ["Mon-Fri 08:00-18:00"], on([1, 8]), at(1, 19), 0, false],
    ["who came before was not", ["Mon-Fri 08:00-18:00"], on([1, 7]), at(1, 19), 0, true],
    ["who comes later is silent no more", ["Mon-Fri 08:00-18:00"], on([1, 22]), at(1, 23), 0, false],
    ["weekends are none of them", ["Mon-Fri 08:00-18:00"], on([4, 10]), at(6, 23), 0, false],
    ["over midnight", ["22:00-02:00"], on([1, 23]), at(2, 3), 0, false],
    ["over midnight, missed", ["22:00-02:00"], on([1, 20]), at(2, 3), 0, true],
    ["the latest of several counts", ["08:00-09:00", "20:00-21:00"], on([1, 8]), at(1, 22), 0, true],
    ["by the clock on the wall", ["08:00-09:00"], on([1, 7]), at(1, 9), 3_600_000, false],
    ["by the clock on the wall, missed", ["08:00-09:00"], on([1, 6]), at(1, 9), 3_600_000, true],
    ["nobody ever came", ["08:00-09:00"], [], at(1, 11), 0, true],
  ])("%s", (_, expected, presence, nowMs, offset, isSilent) => {
    expect(missedHours(hours(...expected), presence, nowMs, () => offset) !== undefined).toBe(isSilent);
  });

  // Berlin, the 25th of October 2026: at 3:00 it is 2:00 again.
  const summerEndMs = Date.UTC(2026, 9, 25, 1);
  const berlin = (atMs: number): number => (atMs < summerEndMs ? 2 : 1) * 3_600_000;
  const utc = (day: number, hour: number, minute = 0): number => Date.UTC(2026, 9, day, hour, minute);
  const cameAt = (...instants: readonly number[]): Presence[] =>
    instants.map((ms) => ({ day: Math.floor(ms / 86_400_000), hours: 2 ** new Date(ms).getUTCHours() }));
  test.each<[string, string, readonly Presence[], number, boolean]>([
    [
      "who came at 1:30 of that night came in time",
      "01:00-02:00",
      cameAt(utc(24, 23, 30)),
      utc(25, 3),
      false,
    ],
    ["who came before did not", "01:00-02:00", cameAt(utc(24, 22, 30)), utc(25, 3), true],
    ["the day before, seen from the day", "08:00-09:00", cameAt(utc(24, 6, 30)), utc(25, 5), false],
    ["an hour behind them, by the new clock", "22:00-04:00", cameAt(utc(24, 19)), utc(25, 3, 59), false],
    ["and no earlier", "22:00-04:00", cameAt(utc(24, 19)), utc(25, 4), true],
    ["at 2:30, which was twice: the first", "02:00-03:00", cameAt(utc(25, 0, 30)), utc(25, 3), false],
    ["at 2:30, which was twice: the second", "02:00-03:00", cameAt(utc(25, 1, 30)), utc(25, 3), false],
    ["before both", "02:00-03:00", cameAt(utc(24, 23, 30)), utc(25, 3), true],
    ["while it may come yet", "02:00-03:00", cameAt(utc(24, 0, 30)), utc(25, 2, 59), false],
  ])("where summer time ends: %s", (_, expected, presence, nowMs, isSilent) => {
    expect(missedHours(hours(expected), presence, nowMs, berlin) !== undefined).toBe(isSilent);
  });

  // Berlin, the 29th of March 2026: at 2:00 it is 3:00.
  const summerBeginMs = Date.UTC(2026, 2, 29, 1);
  const march = (day: number, hour: number, minute = 0): number => Date.UTC(2026, 2, day, hour, minute);
  test.each<[string, string, readonly Presence[], number, boolean]>([
    ["a time that there was not is not missed", "02:00-03:00", cameAt(march(28, 1, 30)), march(29, 3), false],
    ["nor for the rest of the day", "02:00-03:00", cameAt(march(28, 1, 30)), march(29, 23), false],
    ["that of the day before is", "02:00-03:00", cameAt(march(27, 1, 30)), march(29, 3), true],
    ["and that of the day behind it", "02:00-03:00", cameAt(march(28, 1, 30)), march(30, 2), true],
    ["what lies around it is missed", "01:00-04:00", cameAt(march(28, 1, 30)), march(29, 3), true],
    [
      "and who came in the hour before it is not",
      "01:00-04:00",
      cameAt(march(29, 0, 30)),
      march(29, 3),
      false,
    ],
  ])("where summer time begins: %s", (_, expected, presence, nowMs, isSilent) => {
    const offset = (atMs: number): number => (atMs < summerBeginMs ? 1 : 2) * 3_600_000;
    expect(missedHours(hours(expected), presence, nowMs, offset) !== undefined).toBe(isSilent);
  });

  test("what is told of it: the last hour with mail, and the first it was missed in", () => {
    expect(missedHours(hours("Mon-Fri 08:00-18:00"), on([0, 9]), at(1, 19), () => 0)).toEqual({
      lastHour: monday + 9,
      by: "hours",
      missedFrom: monday + 24 + 8,
    });
    expect(missedHours(hours("08:00-09:00"), [], at(1, 11), () => 0)?.lastHour).toBe(monday + 24 + 8);
    // A minute before the hour is over nobody is late.
    expect(missedHours(hours("Tue 08:00-18:00"), on([0, 9]), at(1, 19) - 1, () => 0)).toBeUndefined();
    // A week ago is the last that counts.
    expect(missedHours(hours("Mon 08:00-09:00"), [], at(6, 23), () => 0)?.missedFrom).toBe(monday + 8);
  });
});
