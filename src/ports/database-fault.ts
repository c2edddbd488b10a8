/** A fault of the database that nodes share, by what is known of a call to it then. */

/**
 * `unreachable`: nothing was sent, or the server refused it for being no primary: nothing is done. `lost`: it was sent and
 * no answer came: it may be done. `refused`: the server said why not, and nothing is done.
 */
export type DatabaseFaultKind = "unreachable" | "lost" | "refused";

export class DatabaseFault extends Error {
  override readonly name = "DatabaseFault";
  readonly kind: DatabaseFaultKind;
  /** SQLSTATE, where the server gave one. */
  readonly code: string | undefined;
  constructor(kind: DatabaseFaultKind, message: string, code?: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}
