/** What each of several ways costs that one process takes in turn. */

export interface Part {
  readonly cost: number;
  /** All garbage was collected in it. */
  readonly hadCollection: boolean;
}

/**
 * Of the parts of each way's reading: the mean of the middle half of those without a full collection of garbage, and a share of what the
 * parts of all ways took beyond that of their own, the same for each part. A full collection costs as much as some hundred messages, at
 * a time that no way chooses: counted where they fall, one more or less in a reading is several per cent of it. Which way makes more
 * garbage is not to be seen from this. NaN where a way has no such part.
 */
export function usualCosts<Way>(parts: ReadonlyMap<Way, readonly Part[]>): ReadonlyMap<Way, number> {
  const middles = new Map(
    [...parts].map(([way, all]) => [
      way,
      middleOf(all.filter(({ hadCollection }) => !hadCollection).map(({ cost }) => cost)),
    ]),
  );
  const beyond = [...parts].flatMap(([way, all]) => all.map(({ cost }) => cost - (middles.get(way) ?? NaN)));
  const shared = meanOf(beyond);
  return new Map([...middles].map(([way, middle]) => [way, middle + shared]));
}

/** The mean of the middle half: as little moved by single parts as the median, and told by more of them. */
function middleOf(costs: readonly number[]): number {
  const sorted = costs.toSorted((a, b) => a - b);
  const aside = Math.floor(sorted.length / 4);
  return meanOf(sorted.slice(aside, sorted.length - aside));
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
