/** Who takes part in worlds: connections as they were recorded, those that do something else, and their places. */
import type { OwnedLimit } from "../policy/client-rights.ts";
import type { TrafficClient } from "../traffic/traffic-facts.ts";
import type { Due } from "./pending.ts";
import type { ReplayedConnector, ReplayedLimit } from "./scenario.ts";
import type { SharedMinute } from "./shared-minute.ts";
import type { SharedPeak } from "./shared-peak.ts";
import type { ConnectorTally, SourceTally } from "./tally.ts";
import type { WaitingLine } from "./waiting-line.ts";

export interface RecordedClient {
  /** From 0, in the order of their coming. */
  readonly index: number;
  readonly client: TrafficClient;
}

/** Something that a connection does at its time. */
export interface Happening {
  readonly kind: "message" | "left";
  /** As recorded. */
  readonly atMs: number;
  /** In the record. */
  readonly order: number;
  /** The account; undefined: it did not log on. */
  readonly user: string | undefined;
  /** Of user and application, which hold beside the connector's. */
  readonly rates: readonly OwnedLimit<number>[];
  /** When it really went on: a message may have had to wait. Undefined: it waits yet. */
  goesOnMs: number | undefined;
  /** `left`: it waited for its place or minute, and did not get it. */
  readonly isImpatient: boolean;
}

export interface RecordedConnection {
  readonly client: RecordedClient;
  /** Lower than of those that came later. */
  readonly order: number;
  /** When it had its place; undefined: it waits yet, or never had. */
  enteredMs: number | undefined;
  /**
   * It was refused: nothing is known of what it would have done, and it is taken to last as long as others of its source.
   * Milliseconds; undefined: it was not.
   */
  readonly assumedMs: number | undefined;
  /** Worlds, as bits, in which it was refused when it came, and nothing more is to be known of it. */
  gone: number;
  /** Worlds, as bits, in which it does something else than it did. */
  strays: number;
  /** By the number of the world, in those. */
  guests: (Guest | undefined)[] | undefined;
}

export type GuestState =
  | "in"
  /** For a place. */
  | "waiting"
  /** For a minute. */
  | "minute"
  /** It was refused, and comes again. */
  | "away"
  | "gone";

export interface Guest {
  readonly connection: RecordedConnection;
  readonly seat: Seat;
  state: GuestState;
  /** Later than recorded. */
  shiftMs: number;
  /** What it will do when it is in. */
  readonly backlog: Happening[];
  /** The message that waits for its minute. */
  message: Happening | undefined;
  /** What it begins with when it is in, as recorded; undefined: with its coming in. */
  resumesMs: number | undefined;
  tries: number;
  /** Since when it waits, and the end of that. */
  sinceMs: number;
  timer: Later | undefined;
  verdict: ReplayedLimit;
}

export interface Later extends Due {
  /** World.#later */
  readonly rank: number;
  readonly what: "arrive" | "giveUp" | "ask" | "askAnew" | "look" | "happen" | "end";
  /** Its number in the group. */
  readonly world: number;
  readonly guest: Guest;
  readonly happening: Happening | undefined;
  cancelled: boolean;
}

/** A connector in one world. */
export interface PostIn {
  readonly settings: ReplayedConnector;
  readonly tally: ConnectorTally;
  readonly line: WaitingLine<Guest>;
}

export interface Post {
  /** Of any of the worlds: whom it serves and how it counts is the same in all. */
  readonly settings: ReplayedConnector;
  /** By the number of the world. */
  readonly in: PostIn[];
  readonly places: Map<string, Place>;
  open: number;
  /** By the number of the world: open connections beside those of the record; below 0: fewer. */
  readonly more: Int32Array;
  connections: number;
  messages: number;
  /** In lines of any world. */
  waiting: number;
  /** No world has less: what does not exceed it raises nobody's highest. */
  leastHighestMessages: number;
  /** The lowest messageRateLimit of the worlds. */
  leastMessageRate: number;
}

/** A source on one connector. */
export interface Place {
  /** From 0, on its connector. */
  readonly index: number;
  readonly post: Post;
  readonly source: string;
  openFrom: number;
  connections: number;
  messages: number;
  /** As `more` of its connector; undefined: the same as recorded in all worlds. */
  more: Int32Array | undefined;
  /** Messages that are counted by the address. */
  minute: SharedMinute | undefined;
  /** By account, where those are counted by themselves. */
  readonly minutes: Map<string, SharedMinute>;
  readonly highestOpen: SharedPeak;
  readonly highestMessages: SharedPeak;
  /** By the number of the world; undefined: it has nothing to tell. */
  tallies: SourceTally[] | undefined;
}

/** Where a recorded client belongs. */
export interface Seat {
  readonly post: Post;
  readonly place: Place;
  /** Its connections take places of the connector. */
  readonly isCounted: boolean;
  /** A message over the rate is refused by itself, and the connection goes on (HTTP, 429). */
  readonly refusesAlone: boolean;
  /** It is a file, which stays in its directory when it is refused for now. */
  readonly isFile: boolean;
}
