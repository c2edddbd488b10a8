/** Times of the week: `Mon-Fri 08:00-18:00`, `Sat,Sun 02:00-03:00`, `22:00-04:00` of every day. */
import { parsed, quoted, unparsable, type Parsed } from "./parsed.ts";

export interface WeeklyHours {
  /** As it was written. */
  readonly text: string;
  /** On which it begins; 0: Sunday. */
  readonly days: readonly number[];
  /** Minutes since that day's midnight, of the clock on the wall. */
  readonly fromMinute: number;
  /** Behind the last one; beyond 1440 it ends on the day after. */
  readonly toMinute: number;
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const dayMinutes = 1440;

export function parseWeeklyHours(input: string): Parsed<WeeklyHours> {
  const text = input.trim();
  const [, days, from, to] = /^(?:([A-Za-z, -]+?) +)?(\d{1,2}:\d{2}) *- *(\d{1,2}:\d{2})$/.exec(text) ?? [];
  const [fromMinute, toMinute] = [minuteOf(from), minuteOf(to)];
  const named = days === undefined ? [0, 1, 2, 3, 4, 5, 6] : daysOf(days);
  if (fromMinute === undefined || toMinute === undefined || named === undefined || fromMinute === dayMinutes)
    return unparsable(`${quoted(input)} is no time of the week; write it like Mon-Fri 08:00-18:00`);
  return parsed({
    text,
    days: named,
    fromMinute,
    toMinute: toMinute <= fromMinute ? toMinute + dayMinutes : toMinute,
  });
}

/** Undefined: it is none. */
function minuteOf(text = ""): number | undefined {
  const [hours = Number.NaN, minutes = Number.NaN] = text.split(":").map(Number);
  const minute = hours * 60 + minutes;
  return minutes < 60 && minute <= dayMinutes ? minute : undefined;
}

function daysOf(text: string): readonly number[] | undefined {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [first = -1, last = first] = part.split("-").map(dayOf);
    if (first === -1 || last === -1) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      found.add(day);
      if (day === last) break;
    }
  }
  return [...found].toSorted((one, other) => one - other);
}

/** `Mon`, `Monday`; −1: none. */
function dayOf(text: string): number {
  const word = text.trim().toLowerCase();
  return word.length < 3 ? -1 : dayNames.indexOf(word.slice(0, 3));
}
