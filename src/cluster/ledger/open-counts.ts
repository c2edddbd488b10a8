/** What this node has open, by connector and source, and what of it the database is yet to be told. */

export interface OpenPair {
  readonly connector: string;
  readonly source: string;
  readonly open: number;
}

/** A part of it as columns, for one call. */
export interface ToldCounts {
  readonly connectors: readonly string[];
  readonly sources: readonly string[];
  readonly open: readonly number[];
  /** Each pair's connector among the next two; counted from 1. */
  readonly totalOf: readonly number[];
  readonly totalConnectors: readonly string[];
  readonly totals: readonly number[];
  /** Counted from 1. */
  indexOf(pair: OpenPair): number;
}

export interface OpenCounts {
  /** Something is yet to be told. */
  readonly isChanged: boolean;
  /** The one of a connector and a source, as long as it is in use. */
  pairOf(connector: string, source: string): OpenPair;
  inConnector(connector: string): number;
  entered(pair: OpenPair): void;
  ended(pair: OpenPair): void;
  /** What is to be told now: what has changed, or all, and these. */
  take(all: boolean, asked: readonly OpenPair[]): ToldCounts;
  /** It was not told after all. */
  untold(told: ToldCounts): void;
}

interface Count {
  readonly connector: string;
  readonly source: string;
  open: number;
}

export function createOpenCounts(): OpenCounts {
  const pairs = new Map<string, Count>();
  const totals = new Map<string, number>();
  const changed = new Set<Count>();
  const taken = new WeakMap<ToldCounts, readonly Count[]>();

  const keyOf = (connector: string, source: string): string => `${connector}\0${source}`;
  const find = ({ connector, source }: OpenPair): Count => {
    const key = keyOf(connector, source);
    let found = pairs.get(key);
    if (found === undefined) pairs.set(key, (found = { connector, source, open: 0 }));
    return found;
  };
  const add = (pair: OpenPair, change: 1 | -1): void => {
    const count = find(pair);
    count.open += change;
    totals.set(count.connector, (totals.get(count.connector) ?? 0) + change);
    changed.add(count);
  };

  return {
    get isChanged() {
      return changed.size > 0;
    },
    pairOf: (connector, source) => find({ connector, source, open: 0 }),
    inConnector: (connector) => totals.get(connector) ?? 0,
    entered: (pair) => add(pair, 1),
    ended: (pair) => add(pair, -1),
    take(all, asked) {
      const counts = [...new Set([...(all ? pairs.values() : changed), ...asked.map(find)])];
      changed.clear();
      const names = [...new Set(counts.map(({ connector }) => connector))];
      const places = new Map(names.map((connector, at) => [connector, at + 1]));
      const indexes = new Map(counts.map((count, at) => [keyOf(count.connector, count.source), at + 1]));
      const told: ToldCounts = {
        connectors: counts.map(({ connector }) => connector),
        sources: counts.map(({ source }) => source),
        open: counts.map(({ open }) => open),
        totalOf: counts.map(({ connector }) => places.get(connector) ?? 0),
        totalConnectors: names,
        totals: names.map((connector) => totals.get(connector) ?? 0),
        indexOf: ({ connector, source }) => indexes.get(keyOf(connector, source)) ?? 0,
      };
      taken.set(told, counts);
      // Nothing is kept of who has left.
      for (const count of counts) {
        if (count.open > 0 || asked.some((pair) => find(pair) === count)) continue;
        pairs.delete(keyOf(count.connector, count.source));
        if (totals.get(count.connector) === 0) totals.delete(count.connector);
      }
      return told;
    },
    untold(told) {
      for (const count of taken.get(told) ?? []) changed.add(find(count));
    },
  };
}
