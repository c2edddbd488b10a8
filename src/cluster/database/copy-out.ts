/**
 * `COPY … TO STDOUT (FORMAT binary)` of rows with one bytea: pg gives bytea as hexadecimal text, which costs five times as
 * much. What pg calls a submittable: it is handed to `client.query`, and hears of each message of the server.
 */
import type { Connection } from "pg";

/** The signature, flags and the length of an extension that nobody uses. */
const headerBytes = 19;

export class CopyOut {
  readonly #text: string;
  readonly #rows: Buffer[] = [];
  #first = true;
  #fault: Error | undefined;
  readonly done: Promise<readonly Buffer[]>;
  #resolve: (rows: readonly Buffer[]) => void = () => undefined;
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
    let at = this.#first ? headerBytes : 0;
    this.#first = false;
    // A tuple is its number of fields, then each with its length; -1 ends them. A message holds whole tuples.
    while (at + 6 <= chunk.length && chunk.readInt16BE(at) === 1) {
      const bytes = chunk.readInt32BE(at + 2);
      // pg uses the memory again.
      this.#rows.push(Buffer.from(chunk.subarray(at + 6, at + 6 + Math.max(0, bytes))));
      at += 6 + Math.max(0, bytes);
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
