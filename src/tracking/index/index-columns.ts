/**
 * What the index of one tracking file holds, as columns over its records: numbers as they are, texts by their place
 * in a list of the distinct values. Values stand in lower case: searches know no case.
 */
import type { TrackingRecord } from "../tracking-record.ts";

export const textFields = [
  "source",
  "eventId",
  "sender",
  "messageId",
  "reference",
  "connectorId",
  "clients",
  "recipients",
  "messageSubject",
] as const;
export type TextField = (typeof textFields)[number];

/** The distinct values of a text field, and for each record which of them it has. */
export interface TextColumn {
  /** A line feed, then each value with a line feed behind it. */
  readonly values: Buffer;
  /** Where each value begins. */
  readonly starts: Uint32Array;
  /** For each record the number of its set of values. */
  readonly sets: Uint8Array | Uint16Array | Uint32Array;
  /** For each set where its values begin in `members`; one more at the end. Empty: set n is value n alone. */
  readonly setStarts: Uint32Array;
  readonly members: Uint32Array;
}

export interface IndexFacts {
  /** Of the log file when it was indexed: another size or time of change, and the index is of no use. */
  readonly logSizeBytes: number;
  readonly logChangedMs: number;
  readonly records: number;
  /** Milliseconds since the epoch; of the records. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly leastId: number;
  readonly greatestId: number;
}

/** An index, whether from a file or just built. What is asked for may be read only then. */
export interface TrackingIndex {
  readonly facts: IndexFacts;
  /** Where each record's line begins in the log file, and its length without the line end. */
  offsets(): Uint32Array;
  lengths(): Uint32Array;
  /** Milliseconds since the epoch. */
  instants(): Float64Array;
  internalIds(): Float64Array;
  /** Good until values are asked for again: the memory is used anew. */
  values(field: TextField): Buffer;
  /** Given the values of the field, all the rest of it. */
  column(field: TextField, values: Buffer): TextColumn;
}

/** What of a record a search for the field looks at. */
export function fieldValues(record: TrackingRecord, field: TextField): readonly string[] {
  if (field === "recipients") return record.recipients;
  return field === "clients" ? [record.clientIp, record.originalClientIp] : [record[field]];
}
