/**
 * What is known of nodes, and what one node does to all. Types alone: they are public by `Relay`, and bring no driver of the
 * database along.
 */
import type { DurabilityFault } from "../../core/policy/database-durability.ts";
import type { UpkeepFault } from "../../core/policy/database-upkeep.ts";
import type { SharedAudit } from "../administration/audit-contract.ts";

/**
 * `Up`: it lives. `Draining`: it lives, takes no new mail and gives away what it has; `Drained`: it has nothing any more.
 * `NotHeard`: its lease is over, and nobody has taken over from it yet. `Down`: others took over. `Stopped`: it ended in good
 * order.
 */
export type NodeState = "Up" | "Draining" | "Drained" | "NotHeard" | "Down" | "Stopped";

export interface ListedNode {
  readonly name: string;
  readonly state: NodeState;
  /** Of its incarnation; another after each start. */
  readonly number: number;
  readonly version: string;
  readonly startedAt: Date;
  /** Of those that live no more. */
  readonly endedAt: Date | undefined;
  readonly leaseMs: number;
  /** Until its lease is over; below zero since then. By the database's clock. */
  readonly leftMs: number;
  /** It does what one does for all. */
  readonly isChores: boolean;
  /** Entries of the queue that it holds. */
  readonly holds: number;
  /** Open connections, as limits count them. */
  readonly connections: number;
  /** Where the others ask it. */
  readonly address: string | undefined;
  /** SHA-256 of its certificate there, hexadecimal. */
  readonly fingerprint: string | undefined;
  /** What it should listen on and does not, each with the reason. */
  readonly failedListeners: readonly string[];
  readonly suspended: { readonly since: Date; readonly by: string } | undefined;
  /** Of the shared configuration. Undefined: it never said. */
  readonly configuration: NodeConfiguration | undefined;
}

export interface NodeConfiguration {
  /** Whose settings hold there; undefined: none of what it said. */
  readonly inForce: number | undefined;
  /** The newest there is. */
  readonly newest: number;
  /** Why the node cannot use what it looked at last; empty: it does. */
  readonly faults: readonly string[];
}

/** Another node. */
export interface Peer {
  readonly name: string;
  /** Undefined: it has no listener for other nodes. */
  readonly address: string | undefined;
  readonly fingerprint: string | undefined;
  /** It lives no more, since less than a week: others took over from it, or it ended in good order. */
  readonly gone: "down" | "stopped" | undefined;
}

export interface NodeSuspended {
  readonly since: Date;
  readonly by: string;
  /** Nobody suspended it: the schema was moved on to where this release cannot follow. What there is to do. */
  readonly outdated?: string;
}

export interface Presence {
  /** Undefined: this node takes mail. */
  readonly suspended: NodeSuspended | undefined;
  /** The other nodes, those that are gone as long as they said. */
  readonly peers: readonly Peer[];
  /** Where this one is asked from now on, also as its next incarnations. Never rejects: it is tried again. */
  introduce(place: { readonly address: string; readonly fingerprint: string } | undefined): Promise<void>;
  /** At each look what this one should listen on and does not is told to all, where it has changed. */
  tellsListeners(failed: () => readonly string[]): void;
  /** Hears that it was suspended, or goes on; also why, where that is another reason. */
  onChanged(listener: (suspended: NodeSuspended | undefined) => void): void;
  /** Looks now, or behind the look under way. Rejects with DatabaseFault. */
  look(): Promise<void>;
  close(): void;
}

export interface NodeView {
  /** Of this node. */
  readonly name: string;
  /** Undefined: this node takes mail. */
  readonly suspended: NodeSuspended | undefined;
  /** The other nodes, also those that are gone since not too long, by the last look. */
  readonly peers: readonly Peer[];
  /** Why mail is not safe in the database, or gets slow, by the last look; empty: neither. */
  readonly databaseFaults: readonly (DurabilityFault | UpkeepFault)[];
  /** Who changed what, on any of them. */
  readonly audit: Pick<SharedAudit, "list"> | undefined;
  /** Of all. Rejects with DatabaseFault. */
  list(): Promise<readonly ListedNode[]>;
  /**
   * Suspends a node, also one that does not live, or with `by` undefined lets it go on: it learns of it within a quarter of
   * a lease. Resolves with false when it was so already. Rejects with DatabaseFault.
   */
  suspend(node: string, by: string | undefined): Promise<boolean>;
  /**
   * One that is gone is shown no more, and neither suspended nor behind with the configuration; what it held is others' already.
   * Resolves with false when it lives. Rejects with DatabaseFault.
   */
  remove(node: string): Promise<boolean>;
  /** Looks who there is now. Rejects with DatabaseFault. */
  look(): Promise<void>;
  /** Where the others ask this one. */
  introduce: Presence["introduce"];
  tellsListeners: Presence["tellsListeners"];
}
