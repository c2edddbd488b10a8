/** Which records of an indexed file a search is for, without looking at the file. */
import { textTests, type TextTest, type TrackingFilter } from "../filter.ts";
import type { TextColumn, TrackingIndex } from "./index-columns.ts";

/** The numbers of the records, newest first, `most` at most. Cost: a few ns a record and test. */
export function matchIndex(index: TrackingIndex, filter: TrackingFilter, most: number): number[] {
  const { records, firstAt, lastAt, leastId, greatestId } = index.facts;
  const from = filter.start?.getTime() ?? -Infinity;
  const to = filter.end?.getTime() ?? Infinity;
  const { internalMessageId: id } = filter;
  if (lastAt < from || firstAt >= to) return [];
  if (id !== undefined && (id < leastId || id > greatestId)) return [];

  const fits = new Uint8Array(records).fill(1);
  if (id !== undefined) {
    const ids = index.internalIds();
    let some = false;
    for (let i = 0; i < records; i++) {
      if (ids[i] === id) some = true;
      else fits[i] = 0;
    }
    if (!some) return [];
  }
  for (const test of textTests(filter)) if (!applyTest(index, test, fits)) return [];
  if (firstAt < from || lastAt >= to) {
    const instants = index.instants();
    for (let i = 0; i < records; i++) {
      const at = instants[i]!;
      if (at < from || at >= to) fits[i] = 0;
    }
  }
  const found: number[] = [];
  for (let i = records - 1; i >= 0 && found.length < most; i--) if (fits[i] === 1) found.push(i);
  return found;
}

/** Puts records out that do not pass; false when none can. */
function applyTest(index: TrackingIndex, test: TextTest, fits: Uint8Array): boolean {
  const values = index.values(test.field);
  if (test.needles.length > 0 && test.needles.every((needle) => !values.includes(needle))) return false;
  const column = index.column(test.field, values);
  const allowed = allowedSets(column, allowedValues(column, test));
  if (allowed === undefined) return false;
  const { sets } = column;
  let some = 0;
  for (let i = 0; i < fits.length; i++) {
    const fit = fits[i]! & allowed[sets[i]!]!;
    fits[i] = fit;
    some |= fit;
  }
  return some === 1;
}

/** 1 for each value that passes; undefined when none does. */
function allowedValues({ values, starts }: TextColumn, { needles, holds }: TextTest): Uint8Array | undefined {
  const allowed = new Uint8Array(starts.length);
  let some = false;
  const look = (number: number): number => {
    const end = (starts[number + 1] ?? values.length) - 1;
    if (allowed[number] === 0 && holds(values.toString("utf8", starts[number], end))) {
      allowed[number] = 1;
      some = true;
    }
    return end;
  };
  if (needles.length === 0) for (let i = 0; i < starts.length; i++) look(i);
  for (const needle of needles) {
    const lead = needle.startsWith("\n") ? 1 : 0;
    for (let hit = values.indexOf(needle); hit >= 0;) {
      hit = values.indexOf(needle, look(numberAt(starts, hit + lead)));
    }
  }
  return some ? allowed : undefined;
}

function allowedSets(
  { setStarts, members }: TextColumn,
  values: Uint8Array | undefined,
): Uint8Array | undefined {
  if (values === undefined || setStarts.length === 0) return values;
  const allowed = new Uint8Array(setStarts.length - 1);
  for (let set = 0; set < allowed.length; set++) {
    const end = setStarts[set + 1]!;
    for (let i = setStarts[set]!; i < end; i++) allowed[set] = allowed[set]! | values[members[i]!]!;
  }
  return allowed;
}

/** The value that holds the octet at a place. */
function numberAt(starts: Uint32Array, at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
