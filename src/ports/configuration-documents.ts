/** Where the configuration that several nodes share is kept: a document with versions, none of which ever changes. */

/** Who changed something, from where, and by what. */
export interface ChangeAuthor {
  /** A token's name; `shell` on the socket; `weir cluster` for who asked the database itself. */
  readonly name: string;
  /** An address, or `socket`. */
  readonly from: string;
  /** The operation and what it names: `setReceiveConnector AppRelay`. */
  readonly doing: string;
}

export interface ConfigurationVersion {
  /** From 1 on. */
  readonly version: number;
  readonly at: Date;
  readonly by: ChangeAuthor;
  /** Where it was asked for. */
  readonly node: string;
}

export interface ConfigurationDocument extends ConfigurationVersion {
  /** Tells a version from another of the same number, which a database that lost its newest commits may have had. */
  readonly changeId: string;
  /** YAML as it was written. */
  readonly text: string;
}

/** What a node made of the document. */
export interface AppliedVersion {
  readonly node: string;
  /** What it looked at last. */
  readonly version: number;
  /** Whose settings hold there; undefined: it did not say. */
  readonly inForce: number | undefined;
  /** Each with its place; empty: it is in force. */
  readonly faults: readonly string[];
  readonly at: Date;
}

/** Calls reject when the database does not answer. */
export interface ConfigurationDocuments {
  /** Undefined: there is none yet. */
  head(): Promise<ConfigurationDocument | undefined>;
  /** `changeId` of the head, cheaply. */
  headId(): Promise<string | undefined>;
  version(version: number): Promise<ConfigurationDocument | undefined>;
  /** The newest first. */
  versions(limit: number): Promise<readonly ConfigurationVersion[]>;
  /**
   * Makes version `expected` + 1 where `expected` is the head (0: there is none), once, however often the answer is lost.
   * Undefined: somebody else was first.
   */
  add(expected: number, text: string, by: ChangeAuthor): Promise<ConfigurationDocument | undefined>;
  /** Says what this node made of a version. `inForce`: the one whose settings hold; undefined: as it said before. */
  tell(version: number, faults: readonly string[], inForce: number | undefined): Promise<void>;
  /** Of each node that ever said so, by name. */
  applied(): Promise<readonly AppliedVersion[]>;
  close(): void;
}
