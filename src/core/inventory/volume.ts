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
/** In the order of `columns`. */
export const cell = {
  bucket: 0,
  connections: 1,
  messages: 2,
  recipients: 3,
  octets: 4,
  refusals: 5,
  highestOpen: 6,
  highestMinute: 7,
  highestHour: 8,
  hours: 9,
} as const satisfies Record<ColumnName, number>;
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
    const cells = this.#cells;
    for (let at = cells.length - width; at >= 0 && (cells[at] ?? 0) >= bucket; at -= width)
      if (cells[at] === bucket) return cells[at + cell[column]] ?? 0;
    return 0;
  }

  /** One more message that was kept. Returns those of its row. */
  kept(bucket: number, recipients: number, octets: number, hours: number): number {
    const at = this.#at(bucket);
    const cells = this.#cells;
    const messages = (cells[at + cell.messages] ?? 0) + 1;
    cells[at + cell.messages] = messages;
    cells[at + cell.recipients] = (cells[at + cell.recipients] ?? 0) + recipients;
    cells[at + cell.octets] = (cells[at + cell.octets] ?? 0) + octets;
    cells[at + cell.hours] = (cells[at + cell.hours] ?? 0) | hours;
    return messages;
  }

  add(bucket: number, column: ColumnName, count: number): void {
    const at = this.#at(bucket) + cell[column];
    this.#cells[at] = (this.#cells[at] ?? 0) + count;
  }

  /** Where it is more than it was. */
  raise(bucket: number, column: ColumnName, value: number): void {
    const at = this.#at(bucket) + cell[column];
    if (value > (this.#cells[at] ?? 0)) this.#cells[at] = value;
  }

  setBits(bucket: number, column: ColumnName, bits: number): void {
    const at = this.#at(bucket) + cell[column];
    this.#cells[at] = (this.#cells[at] ?? 0) | bits;
  }

  /** Rows before it are forgotten. */
  forgetBefore(bucket: number): void {
    const cells = this.#cells;
    let keepFrom = 0;
    while (keepFrom < cells.length && (cells[keepFrom] ?? 0) < bucket) keepFrom += width;
    if (keepFrom > 0) this.#cells = cells.slice(keepFrom);
  }

  /** From `first` to `last`, both included. */
  rows(first = 0, last = Infinity): VolumeRow[] {
    const found: VolumeRow[] = [];
    const cells = this.#cells;
    for (let at = 0; at < cells.length; at += width) {
      const bucket = cells[at] ?? 0;
      if (bucket < first || bucket > last) continue;
      found.push(
        Object.fromEntries(
          columns.map((name, index) => [name, cells[at + index] ?? 0]),
        ) as unknown as VolumeRow,
      );
    }
    return found;
  }

  /** Where the row begins; it is added where there is none. The latest is looked at first: it nearly always is it. */
  #at(bucket: number): number {
    const cells = this.#cells;
    let at = cells.length - width;
    while (at >= 0 && (cells[at] ?? 0) > bucket) at -= width;
    if (at >= 0 && cells[at] === bucket) return at;
    const row: number[] = columns.map(() => 0);
    row[cell.bucket] = bucket;
    // Most senders have few rows: no room beyond them.
    if (at + width === cells.length && cells.length >= 8 * width) cells.push(...row);
    else this.#cells = [...cells.slice(0, at + width), ...row, ...cells.slice(at + width)];
    return at + width;
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
      const bucket = cells[at] ?? 0;
      const row = rows.get(bucket);
      if (row === undefined) {
        rows.set(bucket, cells.slice(at, at + width));
        continue;
      }
      for (let column = 1; column < width; column++) {
        const [one, other] = [row[column] ?? 0, cells[at + column] ?? 0];
        row[column] =
          column === cell.hours ? one | other : highest.has(column) ? Math.max(one, other) : one + other;
      }
    }
  return new Volume([...rows.values()].toSorted((one, other) => (one[0] ?? 0) - (other[0] ?? 0)).flat());
}
