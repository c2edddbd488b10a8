/**
 * What the durable spool keeps, as sorted tables of octets. Two stores make it: LMDB (lmdb-store.ts), and LMDB
 * behind a journal (journaled-store.ts), which is what the spool uses.
 */
/** What stands in the journal names a table by its place here: new ones come at the end. */
export const tableNames = ["messages", "queue", "state", "answers", "answerEnds"] as const;
export type TableName = (typeof tableNames)[number];
/** Answers that were given: they outlive their messages. */
export const answerTables = ["answers", "answerEnds"] as const satisfies readonly TableName[];

/** One value for each table. */
export function forTables<Value>(make: (name: TableName) => Value): Record<TableName, Value> {
  return Object.fromEntries(tableNames.map((name) => [name, make(name)])) as Record<TableName, Value>;
}

/** One put, or a removal when there is no value. Removing what is not there is no fault. */
export interface Write {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
  /** The key is not in the table now: removed again soon enough, it never has to reach LMDB. */
  readonly isNew?: boolean;
}

/** Keys from `start` on and before `end`, in the order of their octets. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end?: Buffer;
  readonly limit?: number;
}

/** Reads see every commit that has resolved. What they return must not be changed. */
export interface Table {
  getBinary(key: Buffer): Buffer | undefined;
  doesExist(key: Buffer): boolean;
  getKeys(range: KeyRange): Iterable<Buffer>;
}

export type Tables = Readonly<Record<TableName, Table>>;
