/**
 * Writes that are durable in the journal and not yet in LMDB: the newest of each key, sorted. A key that was put
 * as new and is removed again leaves nothing, so mail that is delivered quickly never reaches LMDB.
 */
import { TurnoverMap } from "../../core/turnover/places.ts";
import type { RoomNeed } from "./file-room.ts";
import { forTables, tableNames, type TableName, type Write } from "./store.ts";

interface KnownWrite {
  readonly write: Write;
  /** Neither LMDB nor writes on their way to it hold the key. */
  readonly isNew: boolean;
}

/** The unapplied writes of one table. Keys as Latin-1 text: it hashes fast and sorts as the octets do. */
export interface UnappliedTable {
  readonly size: number;
  get(key: string): Write | undefined;
  /** Keys in order. Valid until the next `add`. */
  readonly sorted: readonly string[];
  /** The position in `sorted` of the first key that is not before `key`. */
  position(key: string): number;
}

export interface Unapplied {
  readonly tables: Readonly<Record<TableName, UnappliedTable>>;
  /** What it takes in memory and of LMDB's tree pages, roughly. */
  readonly bytes: number;
  /** What LMDB takes for it. */
  readonly need: RoomNeed;
  /** How many keys. */
  readonly size: number;
  /** `older` are writes on their way to LMDB. Cost: about 1 µs a write. */
  add(writes: readonly Write[], older: Unapplied | undefined): void;
  /** All writes; nothing of it says that a key is new. */
  writes(): Write[];
}

const entryBytes = 1024;
const pageBytes = 4096;

export function keyText(key: Buffer): string {
  return key.toString("latin1");
}

export function unapplied(): Unapplied {
  const known = forTables(() => new TurnoverMap<string, KnownWrite>());
  const sorted = forTables<string[]>(() => []);
  let bytes = 0;
  let valuePages = 0;
  let adjoiningPages = 0;
  let size = 0;

  const account = ({ value }: Write, sign: 1 | -1) => {
    size += sign;
    bytes += sign * (entryBytes + (value?.length ?? 0));
    if (value === undefined) return;
    const pages = pagesOf(value);
    valuePages += sign * pages;
    if (pages > 1) adjoiningPages += sign * pages;
  };

  const addOne = (write: Write, older: Unapplied | undefined) => {
    const { table } = write;
    const writesOf = known[table];
    const key = keyText(write.key);
    const before = writesOf.get(key);
    if (before === undefined) {
      const keys = sorted[table];
      const last = keys.at(-1);
      if (last === undefined || last < key) keys.push(key);
      else keys.splice(lowerBound(keys, key), 0, key);
      const isNew = write.isNew === true && older?.tables[table].get(key) === undefined;
      writesOf.set(key, { write, isNew: isNew && write.value !== undefined });
      account(write, 1);
      return;
    }
    account(before.write, -1);
    if (before.isNew && write.value === undefined) {
      writesOf.delete(key);
      sorted[table].splice(lowerBound(sorted[table], key), 1);
      return;
    }
    writesOf.set(key, { write, isNew: before.isNew });
    account(write, 1);
  };

  const tableOf = (name: TableName): UnappliedTable => ({
    get size() {
      return known[name].size;
    },
    get: (key) => known[name].get(key)?.write,
    sorted: sorted[name],
    position: (key) => lowerBound(sorted[name], key),
  });

  return {
    tables: forTables(tableOf),
    get bytes() {
      return bytes;
    },
    get need() {
      return { writes: size, valuePages, adjoiningPages };
    },
    get size() {
      return size;
    },
    add(writes, older) {
      for (const write of writes) addOne(write, older);
    },
    writes() {
      const all: Write[] = [];
      for (const table of tableNames)
        for (const key of sorted[table]) {
          const { write } = known[table].get(key) as KnownWrite;
          all.push({ table, key: write.key, value: write.value });
        }
      return all;
    },
  };
}

/** What LMDB takes for writes. */
export function needOf(writes: readonly Write[]): RoomNeed {
  let valuePages = 0;
  let adjoiningPages = 0;
  for (const { value } of writes) {
    if (value === undefined) continue;
    const pages = pagesOf(value);
    valuePages += pages;
    if (pages > 1) adjoiningPages += pages;
  }
  return { writes: writes.length, valuePages, adjoiningPages };
}

/** Pages that a value takes at most, when it stands on pages of its own. */
function pagesOf(value: Buffer): number {
  return value.length === 0 ? 0 : Math.ceil((value.length + 16) / pageBytes);
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
