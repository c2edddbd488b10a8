/** What the traffic record tells of the use of limits: by source and day. Instants are of the wall clock, milliseconds. */

/** One source on one day. */
export interface DayOfSource {
  /** Its beginning, UTC. */
  readonly day: number;
  /** Most connections at once; refused ones are taken to have lasted as the others. */
  readonly open: number;
  /** The same, where refused ones are taken to be the same clients again: those of one moment count. */
  readonly openAtOnce: number;
  /** Most messages in a sliding minute. */
  readonly messages: number;
  /** Connections that came in, and how long they lasted. */
  readonly connections: number;
  readonly lifeMs: number;
  /** Of that, time behind their last message, or without any, but for the first half minute of it. */
  readonly idleMs: number;
  readonly refused: number;
  /** Of them, in an hour with sixty and more, twenty and more for each that came in. */
  readonly refusedInStorm: number;
}

export interface SourceUse {
  readonly source: string;
  /** As it was named then, where it was. */
  readonly application: string;
  /** Some of the names it gave, and how many. */
  readonly heloNames: readonly string[];
  readonly heloNameCount: number;
  readonly users: readonly string[];
  readonly userCount: number;
  /** It handed in files of a directory, and never connected. */
  readonly isOfDirectory: boolean;
  readonly connections: number;
  readonly messages: number;
  readonly refused: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Of the minutes in which it had a connection: what 99.9 % of them did not exceed. */
  readonly usualOpen: number;
  /** Of those in which it sent. */
  readonly usualMessages: number;
  readonly days: readonly DayOfSource[];
}

export interface ConnectorUse {
  readonly connector: string;
  readonly sources: readonly SourceUse[];
  /** Most connections of all sources at once, by day. */
  readonly days: readonly { readonly day: number; readonly open: number }[];
}

/** Connections that came to another connector than they would come to now; `now` empty: to none. */
export interface ServedElsewhere {
  readonly before: string;
  readonly now: string;
  readonly connections: number;
}

export interface RecordedUse {
  /** Those of the settings in force, and those that are no more and whose clients nobody serves. */
  readonly connectors: readonly ConnectorUse[];
  readonly elsewhere: readonly ServedElsewhere[];
  /** Of the whole relay: most connections that came in a sliding minute, by day. */
  readonly arrivals: readonly { readonly day: number; readonly perMinute: number }[];
  readonly first: number | undefined;
  readonly last: number | undefined;
}
