/** One table as its readers see it: LMDB's, under the writes that are still on their way there. */
import type { KeyRange, Table, TableName } from "./store.ts";
import { keyText, type Unapplied, type UnappliedTable } from "./unapplied.ts";

export interface Layers {
  readonly base: Table;
  /** Being written to LMDB; newer than `base`. */
  readonly older: Unapplied | undefined;
  /** Newer than `older`. */
  readonly newer: Unapplied;
}

/** `layers` is asked anew for each read. Cost: that of LMDB's table, and a hash lookup or binary search a layer. */
export function mergedTable(name: TableName, layers: () => Layers): Table {
  return {
    getBinary(key) {
      const { base, older, newer } = layers();
      const text = keyText(key);
      const write = newer.tables[name].get(text) ?? older?.tables[name].get(text);
      return write === undefined ? base.getBinary(key) : write.value;
    },
    doesExist(key) {
      const { base, older, newer } = layers();
      const text = keyText(key);
      const write = newer.tables[name].get(text) ?? older?.tables[name].get(text);
      return write === undefined ? base.doesExist(key) : write.value !== undefined;
    },
    getKeys(range) {
      const { base, older, newer } = layers();
      const upper = [newer, ...(older === undefined ? [] : [older])]
        .map(({ tables }) => tables[name])
        .filter(({ size }) => size > 0);
      return upper.length === 0 ? base.getKeys(range) : mergedKeys(base, upper, range);
    },
  };
}

/** `upper` has the newest first. */
function mergedKeys(
  base: Table,
  upper: readonly UnappliedTable[],
  { start, end, limit = Number.POSITIVE_INFINITY }: KeyRange,
): Buffer[] {
  const found: Buffer[] = [];
  const endText = end === undefined ? undefined : keyText(end);
  const layers = upper.map((table) => ({ table, at: table.position(keyText(start)) }));
  const stored = base.getKeys({ start, ...(end === undefined ? {} : { end }) })[Symbol.iterator]();
  const nextStored = () => {
    const { done, value } = stored.next();
    return done === true ? undefined : { key: value, text: keyText(value) };
  };
  let below = nextStored();
  while (found.length < limit) {
    let least = below?.text;
    for (const { table, at } of layers) {
      const text = table.sorted[at];
      if (
        text !== undefined &&
        (endText === undefined || text < endText) &&
        (least === undefined || text < least)
      )
        least = text;
    }
    if (least === undefined) break;
    let write: { readonly key: Buffer; readonly value: Buffer | undefined } | undefined;
    for (const layer of layers) {
      if (layer.table.sorted[layer.at] !== least) continue;
      write ??= layer.table.get(least);
      layer.at++;
    }
    const belowKey = below?.text === least ? below.key : undefined;
    if (belowKey !== undefined) below = nextStored();
    if (write === undefined) found.push(belowKey as Buffer);
    else if (write.value !== undefined) found.push(write.key);
  }
  stored.return?.();
  return found;
}
