/** What is known of who sends: a source, and the account it logs on with where it does. */
import { noLoss, type Loss, type LossState } from "./silent-loss.ts";
import type { Trait } from "./traits.ts";
import { Volume } from "./volume.ts";

export interface Sender {
  /** As limits count it. */
  readonly source: string;
  /** Of an API key `API key NAME`; empty: it did not log on. */
  readonly user: string;
  /** The latest. */
  address: string;
  /** Wall clock, milliseconds since 1970, as all instants here. */
  firstMs: number;
  /** Came last: a connection, a message, a refusal. */
  lastMs: number;
  /** The last message that was kept; 0: none. */
  lastMessageMs: number;
  connections: number;
  messages: number;
  recipients: number;
  octets: number;
  refusals: number;
  readonly traits: Trait[];
  /** Of the last days. */
  readonly hours: Volume;
  readonly days: Volume;
  readonly loss: LossState;
  /** Told, and not over yet. */
  lost: Loss | undefined;
  /** What is in it was counted up to here; where a record is read again it is counted from here on. */
  savedAt: SavedAt;
}

/** A place in the record of a run. */
export interface SavedAt {
  readonly runMs: number;
  /** Segment and entry in one number. */
  readonly place: number;
}

export const neverSaved: SavedAt = { runMs: -1, place: 0 };

export function newSender(source: string, user: string, address: string, atMs: number): Sender {
  return {
    source,
    user,
    address,
    firstMs: atMs,
    lastMs: atMs,
    lastMessageMs: 0,
    connections: 0,
    messages: 0,
    recipients: 0,
    octets: 0,
    refusals: 0,
    traits: [],
    hours: new Volume(),
    days: new Volume(),
    loss: noLoss(),
    lost: undefined,
    savedAt: neverSaved,
  };
}

export function senderKey({ source, user }: Pick<Sender, "source" | "user">): string {
  return `${source}\n${user}`;
}
