/**
 * Counts who is in and who sent how much, and decides in the same step, so that two at the door at once can
 * never both take the last place. It knows no policy: the decision is the caller's, the keys are opaque.
 *
 * Promises (test/contracts/ledger-contract.ts):
 *  1. `decide` sees the counts at the moment of the decision, the one at the door not counted.
 *  2. A lease that was given out is counted until `end()`, and `end()` counts once, however often it is called.
 *  3. When all leases have ended, every count is 0 and no memory is held for the key.
 */
import type { ConnectionCounts } from "../../core/policy/connection-limits.ts";

export interface Lease {
  end(): void;
}

export interface LedgerEntry {
  readonly connector: string;
  readonly source: string;
  readonly open: number;
}

export interface Ledger {
  /** Takes a place, unless `decide` names a reason against it. */
  enter<Refused extends object>(
    connector: string,
    source: string,
    decide: (counts: ConnectionCounts) => Refused | undefined,
  ): { lease: Lease } | { refused: Refused };
  /**
   * Counts one more event of `key` in the minute that ends at `now` (ms), unless `decide` names a reason against
   * it. `decide` gets how many were counted in that minute. Counted in steps of a second.
   */
  spend<Refused extends object>(
    key: string,
    now: number,
    decide: (lastMinute: number) => Refused | undefined,
  ): Refused | undefined;
  /** Open connections by connector and source. */
  snapshot(): readonly LedgerEntry[];
}
