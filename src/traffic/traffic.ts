/** What the doors tell the traffic record. Nothing throws or waits; each call costs some look-ups, less than a microsecond. */
import type { TrafficClient } from "../core/traffic/traffic-facts.ts";

export interface Traffic {
  /** Returns the connection's number, for what follows; 0: nothing of it is remembered. */
  admitted(client: TrafficClient): number;
  /** It waits for a place. `refusal`: the kind it would be refused by. */
  held(client: TrafficClient, refusal: string): number;
  turnedAway(client: TrafficClient, refusal: string): void;
  /** The connection has its place, or its message its minute. */
  resumed(connection: number): void;
  /** It ended, or waits no longer. */
  left(connection: number): void;
  /** Before each message; costs five comparisons where nothing changed. */
  described(
    connection: number,
    user: string,
    application: string,
    heloName: string,
    tls: string,
    mechanism: string,
  ): void;
  /** A message asks for its place in the minute. */
  message(connection: number): void;
  messageHeld(connection: number): void;
  /** Octets of content. */
  kept(connection: number, recipients: number, sizeBytes: number): void;
  refused(connection: number, refusal: string): void;
}

export const noTraffic: Traffic = {
  admitted: () => 0,
  held: () => 0,
  turnedAway: () => undefined,
  resumed: () => undefined,
  left: () => undefined,
  described: () => undefined,
  message: () => undefined,
  messageHeld: () => undefined,
  kept: () => undefined,
  refused: () => undefined,
};
