/** What the record tells of one connection, for all scenarios that are tried on it. */
import type { OwnedLimit } from "../policy/client-rights.ts";
import type { TrafficClient } from "../traffic/traffic-facts.ts";

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
  /** When it had its place; undefined: it waits yet, or never had. */
  enteredMs: number | undefined;
  /**
   * It was refused: nothing is known of what it would have done, and it is taken to last as long as others of its source.
   * Milliseconds; undefined: it was not.
   */
  readonly assumedMs: number | undefined;
}
