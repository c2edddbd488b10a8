/**
 * Counts who is in and who sent how much, and decides in the same step, so that two at the door at once can
 * never both take the last place. Limits come as data and core/policy decides by them, so that a ledger several nodes
 * share can decide where the counts are. Keys are opaque.
 *
 * Promises (each has a test in test/contracts/ledger-contract.ts that every implementation passes):
 *  1. Decisions are made one after the other, each against the counts of that moment, the one at the door not counted:
 *     a limit is never passed, however many stand at the door at once.
 *  2. A lease that was given out is counted until `end()`, and `end()` counts once, however often it is called.
 *  3. When all leases have ended, every count is 0 and no memory is held for the key.
 *  4. What `spend` refuses is counted nowhere, though only one of its limits was reached.
 *  5. Who comes again when `waitSeconds` are over, and no second sooner, is not refused by those limits.
 *  6. What is only watched refuses nobody and changes no count. Each watched limit has counts of its own, those that
 *     there would be if it were enforced: what it would have refused is not among them, from the first moment on.
 */
import type {
  ConnectionCounts,
  ConnectionLimits,
  ConnectionRefusal,
} from "../../core/policy/connection-limits.ts";
import type { WatchedConnections } from "../../core/policy/receive-connector.ts";

/** Whoever counts for all nodes does not answer: nothing is decided, and nothing counted. */
export class LedgerAway extends Error {
  override readonly name = "LedgerAway";
}

export interface Lease {
  end(): void;
}

/** What a watched limit would have refused. */
export interface WouldRefuse {
  readonly by: WatchedConnections;
  readonly refused: ConnectionRefusal;
}

/** Let in, with the counts before it; or the limit that is reached. */
export type Entry =
  | {
      readonly lease: Lease;
      readonly counts: ConnectionCounts;
      /** By limits that are watched, where some would have. */
      readonly wouldRefuse?: readonly WouldRefuse[] | undefined;
    }
  | { readonly refused: ConnectionRefusal; readonly wouldRefuse?: readonly WouldRefuse[] | undefined };

/** One event to be counted under `key`, unless `limit` events were in the minute that ends now. */
export interface Charge {
  readonly key: string;
  readonly limit: number;
}

export interface Spent {
  /** The first whose limit is reached; undefined: all are counted. */
  readonly refused: Charge | undefined;
  /** How many were counted of it in the minute, this one left out; of the first, where none is refused. */
  readonly seen: number;
  /** When the same would be allowed, if nobody else spends; 0 where none is refused. Seconds, whole. */
  readonly waitSeconds: number;
  /** What the watched limit was held against, where it would have refused; whether or not another one did. */
  readonly wouldRefuseAt?: number | undefined;
}

/** What is counted of a charge in the minute that ends now. */
export interface Counted {
  readonly charge: Charge;
  readonly seen: number;
  /** When one more may be spent than now; 0: nothing is counted. Seconds, whole. */
  readonly freesInSeconds: number;
}

export interface LedgerEntry {
  readonly connector: string;
  readonly source: string;
  readonly open: number;
}

/** Where nodes share it, each call but `snapshot` waits some seconds for their database, then rejects with LedgerAway. */
export interface Ledger {
  /** Takes a place of `connector` for `source`, unless one of the limits is reached. Each of `watched` is named once. */
  enter(
    connector: string,
    source: string,
    limits: ConnectionLimits,
    watched?: readonly WatchedConnections[],
  ): Promise<Entry>;
  /** Counts one more event of each, or of none where one limit is reached. Counted in steps of a second. */
  spend(charges: readonly Charge[], watched?: Charge): Promise<Spent>;
  /** What is counted of each; asking counts nothing. */
  counted(charges: readonly Charge[]): Promise<readonly Counted[]>;
  /** Open connections by connector and source, of all nodes that share the ledger. */
  snapshot(): Promise<readonly LedgerEntry[]>;
}
