/**
 * Small values that survive and belong to no message (policies of other domains, counts for reports): an LMDB environment
 * beside the spool's, with the same care for full and failing disks. What is lost in it is found out or counted again, so
 * it needs no journal.
 */
import { createInTurn } from "../../ports/in-turn.ts";
import { makeDirectory } from "../../ports/make-directory.ts";
import { openLmdbStore } from "./lmdb-store.ts";

export interface KeptValue {
  /** Up to 1,000 octets of UTF-8. */
  readonly key: string;
  /** Undefined: it is removed. */
  readonly value: Buffer | undefined;
}

export interface KeptValues {
  /** Throws SpoolError while the file cannot be read. */
  get(key: string): Buffer | undefined;
  /** Keys that begin with `prefix`, in the order of their octets. Throws as `get`. Cost: a walk over them. */
  keys(prefix: string): readonly string[];
  /** Durable together when it resolves; in the order of the calls. Rejects with SpoolError; none is written then. */
  write(values: readonly KeptValue[]): Promise<void>;
  /** Behind all writes. */
  close(): Promise<void>;
}

const table = "state";

/** Opens or creates it. The caller holds the lock of the data directory. */
export async function openKeptValues(directory: string): Promise<KeptValues> {
  await makeDirectory(directory, 0o700);
  const store = await openLmdbStore(directory);
  const inTurn = createInTurn();
  return {
    get: (key) => store.tables[table].getBinary(Buffer.from(key)),
    keys(prefix) {
      const start = Buffer.from(prefix);
      const end = Buffer.concat([start, Buffer.of(0xff)]);
      return Array.from(store.tables[table].getKeys({ start, end }), (key) => key.toString());
    },
    write: (values) =>
      inTurn(() =>
        store.commit(
          values.map(({ key, value }) => ({ table, key: Buffer.from(key), value })),
          store.applied,
        ),
      ),
    close: () => inTurn(() => store.close()),
  };
}
