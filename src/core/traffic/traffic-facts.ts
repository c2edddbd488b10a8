/** What the traffic record remembers of who connects, in words: no addresses of people, nothing of content. */
import type { Door } from "../policy/door.ts";

/** Who stands at a door. */
export interface TrafficClient {
  /** The receive connector; empty: none was for it. */
  readonly connector: string;
  /** What limits count it under. */
  readonly source: string;
  /** Canonical. */
  readonly address: string;
  readonly door: Door;
}

/** What a client said of itself until it handed in mail. */
export interface TrafficProfile {
  /** The account; empty: it did not log on. */
  readonly user: string;
  /** As it was named then; empty: nobody named it. */
  readonly application: string;
  /** Empty: none was given. */
  readonly heloName: string;
  /** `TLSv1.3`; empty: in the clear. */
  readonly tls: string;
  /** What it logged on by: a mechanism of AUTH, `API key`; empty: it did not. */
  readonly mechanism: string;
}

export const noProfile: TrafficProfile = { user: "", application: "", heloName: "", tls: "", mechanism: "" };

/** How a connection, or a submission by another door, was met. `held`: it waits for a place (limitAction `delay`). */
export type TrafficWelcome = "admitted" | "held" | "refused";

/**
 * Hears what a record tells, in the order in which it happened. Instants are `Clock.now()` of the relay that recorded
 * them, whole milliseconds; within a run they do not go back. Connections are numbered within a run.
 */
export interface TrafficListener {
  /**
   * A relay started, or part of the record is lost and it goes on here: nobody is connected but those that `connected`
   * tells behind this. `wallOffsetMs`: from these instants to the wall clock.
   */
  began(atMs: number, wallOffsetMs: number, cause: "start" | "gap"): void;
  /** The clock on the wall was set: from here on this leads to it. Who is connected stays so. */
  clockSet(atMs: number, wallOffsetMs: number): void;
  /** Behind a gap, or where reading begins: it was there already. `enteredMs` undefined: it waits for a place. */
  connected(
    connection: number,
    client: TrafficClient,
    profile: TrafficProfile,
    arrivedMs: number,
    enteredMs: number | undefined,
  ): void;
  /** `refusal`: the kind (core/refusals/catalogue.ts) of what refused it, or holds it; undefined when it was admitted. */
  arrived(
    atMs: number,
    connection: number,
    client: TrafficClient,
    welcome: TrafficWelcome,
    refusal: string | undefined,
  ): void;
  /** What was held goes on: the connection has its place, or the message its minute. */
  resumed(atMs: number, connection: number): void;
  /** The connection ended, or waits no longer. */
  left(atMs: number, connection: number): void;
  /** Before the first message, and when it changed. */
  described(atMs: number, connection: number, profile: TrafficProfile): void;
  /** A message asked for its place in the minute (MAIL). What became of it follows. */
  message(atMs: number, connection: number): void;
  /** It waits for its minute (limitAction `delay`); `resumed`, `refused` or `left` follows. */
  messageHeld(atMs: number, connection: number): void;
  /** It is kept. Octets of content. */
  kept(atMs: number, connection: number, recipients: number, sizeBytes: number): void;
  /** Something was refused within the connection: the kind. */
  refused(atMs: number, connection: number, refusal: string): void;
  /** So many things happened that found no room in the record, before this instant. */
  lost(atMs: number, count: number): void;
}
