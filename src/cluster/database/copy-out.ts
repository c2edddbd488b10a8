/**
 * `COPY … TO STDOUT (FORMAT binary)` of any rows, each field as the octets that the server has: pg gives bytea as hexadecimal
 * text, which costs five times as much. What pg calls a submittable: it is handed to `client.query`, and hears of each
 * message of the server.
 */
import type { Connection } from "pg";
import { allocateOctets } from "../../core/octets/slab.ts";

/** A row's columns; null: NULL. It may be kept. */
export type CopiedRow = readonly (Buffer | null)[];

/** The signature, flags and the length of an extension that nobody uses. */
const headerBytes = 19;

export class CopyOut {
  readonly #text: string;
  readonly #rows: CopiedRow[] = [];
  #first = true;
  #fault: Error | undefined;
  readonly done: Promise<readonly CopiedRow[]>;
  #resolve: (rows: readonly CopiedRow[]) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.query(this.#text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const from = this.#first ? headerBytes : 0;
    // pg uses the memory again.
    const octets = allocateOctets(chunk.length - from);
    chunk.copy(octets, 0, from);
    this.#first = false;
    // A tuple is its number of fields, then each with its length, -1: NULL. The number -1 ends all. A message holds whole tuples.
    for (let at = 0; at + 2 <= octets.length;) {
      const fields = octets.readInt16BE(at);
      at += 2;
      if (fields < 0) return;
      const row: (Buffer | null)[] = [];
      for (let n = 0; n < fields; n++) {
        const bytes = octets.readInt32BE(at);
        at += 4;
        row.push(bytes < 0 ? null : octets.subarray(at, at + bytes));
        at += Math.max(0, bytes);
      }
      this.#rows.push(row);
    }
  }

  handleError(error: Error): void {
    this.#fault = error;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#fault === undefined) this.#resolve(this.#rows);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
}
