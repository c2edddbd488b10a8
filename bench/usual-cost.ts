/** What each of several ways costs that one process takes in turn. */
import { median } from "./median.ts";

/**
 * Of the parts of each way's reading: the median, and a share of what the parts of all ways took beyond the medians of their own,
 * the same for each part. That is mostly full collections of garbage, each as much as some hundred messages and at a time
 * that no way chooses: counted where they fall, one more or less in a reading is several per cent of it.
 */
export function usualCosts<Way>(parts: ReadonlyMap<Way, readonly number[]>): ReadonlyMap<Way, number> {
  const medians = new Map([...parts].map(([way, values]) => [way, median(values)]));
  const beyond = [...parts].flatMap(([way, values]) =>
    values.map((value) => value - (medians.get(way) ?? NaN)),
  );
  const shared = beyond.reduce((sum, value) => sum + value, 0) / beyond.length;
  return new Map([...medians].map(([way, value]) => [way, value + shared]));
}
