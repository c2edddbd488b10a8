/**
 * A statement with one text as its answer, called over and over: its text is parsed and planned once for each connection, and its arguments
 * are written once, in binary, in memory that is used again. By pg itself each call costs the server a plan with a copy of all
 * arguments in it, and the node some three. What pg calls a submittable, as copy-out.ts.
 */
import { createHash } from "node:crypto";
import type { Connection } from "pg";
import type { BinaryValue } from "./binary-values.ts";

export interface Statement {
  readonly text: string;
  /** Tells it from all others of a connection, also where a pooler gives the connection to several nodes and schemas. */
  readonly name: string;
}

export function statementOf(text: string): Statement {
  return { text, name: `weir ${createHash("sha256").update(text).digest("hex").slice(0, 40)}` };
}

/** Memory of a connection that calls are written in, one at a time. What takes more is not kept. */
export class CallRoom {
  #octets = Buffer.alloc(0);
  take(bytes: number): Buffer {
    if (bytes <= this.#octets.length) return this.#octets.subarray(0, bytes);
    const octets = Buffer.allocUnsafeSlow(
      bytes <= keptBytes ? Math.max(bytes, 2 * this.#octets.length) : bytes,
    );
    if (octets.length <= keptBytes) this.#octets = octets;
    return octets.subarray(0, bytes);
  }
  /** A call failed: it may be on its way out of this memory still. */
  forget(): void {
    this.#octets = Buffer.alloc(0);
  }
}

const keptBytes = 4 * 1024 * 1024;
/** Everything to the server is a letter, a length and what it says. */
const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
const sync = Buffer.from([0x53, 0, 0, 0, 4]);

export class FunctionCall {
  readonly #statement: Statement;
  readonly #values: readonly BinaryValue[];
  readonly #parses: boolean;
  readonly #room: CallRoom;
  readonly done: Promise<string | null>;
  #resolve: (told: string | null) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #told: string | null = null;
  #fault: Error | undefined;
  /** `parses`: the connection does not know it by name yet. A name of no octets: it is forgotten with the next. */
  constructor(statement: Statement, values: readonly BinaryValue[], parses: boolean, room: CallRoom) {
    this.#statement = statement;
    this.#values = values;
    this.#parses = parses;
    this.#room = room;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    const { text, name } = this.#statement;
    const nameBytes = Buffer.byteLength(name) + 1;
    const parseBytes = this.#parses ? 5 + nameBytes + Buffer.byteLength(text) + 1 + 2 : 0;
    let bindBytes = 4 + 1 + nameBytes + 4 + 2 + 4;
    for (const value of this.#values) bindBytes += 4 + bytesOf(value);
    const octets = this.#room.take(parseBytes + 1 + bindBytes + execute.length + sync.length);
    let at = 0;
    const text0 = (value: string): void => {
      at += octets.write(value, at);
      octets[at++] = 0;
    };
    const int16 = (value: number): void => void (at = octets.writeInt16BE(value, at));
    const int32 = (value: number): void => void (at = octets.writeInt32BE(value, at));
    const put = (piece: Buffer): void => void (at += piece.copy(octets, at));
    if (this.#parses) {
      octets[at++] = 0x50;
      int32(parseBytes - 1);
      text0(name);
      text0(text);
      int16(0);
    }
    octets[at++] = 0x42;
    int32(bindBytes);
    text0("");
    text0(name);
    // All in binary.
    int16(1);
    int16(1);
    int16(this.#values.length);
    for (const value of this.#values) {
      int32(value === null ? -1 : bytesOf(value));
      if (value === null) continue;
      if (Buffer.isBuffer(value)) put(value);
      else for (const piece of value.pieces) put(piece);
    }
    // The answer as text.
    int16(1);
    int16(0);
    put(execute);
    put(sync);
    connection.stream.write(octets);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#told = fields[0] ?? null;
  }

  handleError(error: Error): void {
    this.#fault = error;
    this.#room.forget();
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#fault === undefined) this.#resolve(this.#told);
  }

  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}

function bytesOf(value: BinaryValue): number {
  if (value === null) return 0;
  return Buffer.isBuffer(value) ? value.length : value.bytes;
}
