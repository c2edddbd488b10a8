/**
 * How much came, hour by hour or day by day: a row of numbers for each that had something, the oldest first. Numbers stand
 * one behind the other in one list, for there are many rows.
 */

export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

export const columns = [
  /** Hours or days since 1970, UTC. */
  "bucket",
  "connections",
  "messages",
  "recipients",
  "octets",
  "refusals",
  /** Most connections of the source at one time. */
  "highestOpen",
  /** Most messages in a sliding minute, as limits count them. */
  "highestMinute",
  /** Of a day: most messages in one of its hours. */
  "highestHour",
  /** Of a day: its hours with mail, kept or refused, as bits: 1 is the hour from midnight UTC. */
  "hours",
] as const;
export type ColumnName = (typeof columns)[number];
export type VolumeRow = Readonly<Record<ColumnName, number>>;

export const width = columns.length;
/** Where in a row each stands. */
export const cell = Object.fromEntries(columns.map((name, at) => [name, at])) as Record<ColumnName, number>;
/** What is not added up when rows of several senders become one, but the highest is taken. */
const highest: ReadonlySet<number> = new Set([cell.highestOpen]);

export class Volume {
  #cells: number[];

  constructor(cells: readonly number[] = []) {
    this.#cells = [...cells];
  }

  /** Width numbers for each row. */
  get cells(): readonly number[] {
    return this.#cells;
  }

  get rowCount(): number {
    return this.#cells.length / width;
  }

  get firstBucket(): number | undefined {
    return this.#cells[cell.bucket];
  }

  /** 0 where there is no such row. */
  value(bucket: number, column: ColumnName): number {
    const at = this.#lastUntil(bucket);
    return this.#cells[at] === bucket ? this.#cells[at + cell[column]]! : 0;
  }

  /** One more message that was kept. Returns those of its row. */
  kept(bucket: number, recipients: number, octets: number, hours: number): number {
    const at = this.#at(bucket);
    const cells = this.#cells;
    const messages = cells[at + cell.messages]! + 1;
    cells[at + cell.messages] = messages;
    cells[at + cell.recipients] = cells[at + cell.recipients]! + recipients;
    cells[at + cell.octets] = cells[at + cell.octets]! + octets;
    cells[at + cell.hours] = cells[at + cell.hours]! | hours;
    return messages;
  }

  add(bucket: number, column: ColumnName, count: number): void {
    const at = this.#at(bucket) + cell[column];
    this.#cells[at] = this.#cells[at]! + count;
  }

  /** Where it is more than it was. */
  raise(bucket: number, column: ColumnName, value: number): void {
    const at = this.#at(bucket) + cell[column];
    this.#cells[at] = Math.max(this.#cells[at]!, value);
  }

  setBits(bucket: number, column: ColumnName, bits: number): void {
    const at = this.#at(bucket) + cell[column];
    this.#cells[at] = this.#cells[at]! | bits;
  }

  /** Rows before it are forgotten. */
  forgetBefore(bucket: number): void {
    const cells = this.#cells;
    let keepFrom = 0;
    // Behind the last row nothing is before it.
    while (cells[keepFrom]! < bucket) keepFrom += width;
    cells.splice(0, keepFrom);
  }

  /** From `first` to `last`, both included. */
  rows(first = -Infinity, last = Infinity): VolumeRow[] {
    const found: VolumeRow[] = [];
    const cells = this.#cells;
    for (let at = 0; at < cells.length; at += width) {
      const bucket = cells[at]!;
      if (bucket < first || bucket > last) continue;
      found.push(
        Object.fromEntries(columns.map((name, index) => [name, cells[at + index]!])) as unknown as VolumeRow,
      );
    }
    return found;
  }

  /** Where the row begins; it is added where there is none. Most senders have few rows: no room is kept beyond them. */
  #at(bucket: number): number {
    const at = this.#lastUntil(bucket);
    if (this.#cells[at] === bucket) return at;
    const row: number[] = columns.map(() => 0);
    row[cell.bucket] = bucket;
    this.#cells = this.#cells.toSpliced(at + width, 0, ...row);
    return at + width;
  }

  /** Where the last row begins that is not behind `bucket`; negative: there is none. The latest nearly always is it. */
  #lastUntil(bucket: number): number {
    const cells = this.#cells;
    let at = cells.length - width;
    while (cells[at]! > bucket) at -= width;
    return at;
  }
}

/**
 * Those of several senders together. Highest counts of messages are added, for their minutes may have been the same; of
 * connections the highest is taken, for limits count each source by itself.
 */
export function mergedVolume(volumes: readonly Volume[]): Volume {
  const [only, ...others] = volumes;
  if (only !== undefined && others.length === 0) return only;
  const rows = new Map<number, number[]>();
  for (const { cells } of volumes)
    for (let at = 0; at < cells.length; at += width) {
      const bucket = cells[at]!;
      const row = rows.get(bucket);
      if (row === undefined) {
        rows.set(bucket, cells.slice(at, at + width));
        continue;
      }
      for (let column = 1; column < width; column++) {
        const [one, other] = [row[column]!, cells[at + column]!];
        row[column] =
          column === cell.hours ? one | other : highest.has(column) ? Math.max(one, other) : one + other;
      }
    }
  return new Volume([...rows.values()].toSorted((one, other) => one[0]! - other[0]!).flat());
}
