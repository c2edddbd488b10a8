/** Where the tokens of administrators are kept: a file of the data directory, or the database that nodes share. */

export interface KeptToken {
  readonly name: string;
  readonly role: "viewer" | "operator" | "administrator";
  /** ISO 8601. */
  readonly createdAt: string;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

export interface KeptTokens {
  /** Rejects when they cannot be read. */
  read(): Promise<readonly KeptToken[]>;
  /** False: one of that name is there, whatever its case. Rejects where it cannot be kept. */
  add(token: KeptToken): Promise<boolean>;
  /** False: there is none of that name, whatever its case. */
  remove(name: string): Promise<boolean>;
  /** How often others may have changed them; undefined: nobody else does. Milliseconds. */
  readonly lookMs: number | undefined;
}
