/** What one node shows of all, and does to any: `Get-Node`, `Suspend-Node`, `Resume-Node`, and whom it may ask. */
import type { SharedAudit } from "../administration/shared-audit.ts";
import type { DurabilityFault } from "../../core/policy/database-durability.ts";
import type { UpkeepFault } from "../../core/policy/database-upkeep.ts";
import type { Upkeep } from "../database/upkeep.ts";
import type { Durability } from "../database/durability.ts";
import type { Database } from "../database/database.ts";
import type { Drain } from "./drain.ts";
import { listNodes, type ListedNode } from "./node-list.ts";
import type { NodeSuspended, Peer, Presence } from "./presence.ts";

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

export function createNodeView(parts: {
  readonly node: string;
  readonly database: Pick<Database, "reads" | "inspection" | "name">;
  readonly presence: Presence;
  readonly drain: Drain;
  readonly durability?: Pick<Durability, "faults">;
  readonly upkeep?: Pick<Upkeep, "faults">;
  readonly audit?: Pick<SharedAudit, "list">;
}): NodeView {
  const { node, database, presence, drain, durability, upkeep, audit } = parts;
  const { reads, inspection, name } = database;
  return {
    name: node,
    audit,
    get suspended() {
      return drain.suspended;
    },
    get peers() {
      return presence.peers;
    },
    get databaseFaults() {
      return [...(durability?.faults ?? []), ...(upkeep?.faults ?? [])];
    },
    list: () => listNodes(inspection, name),
    async suspend(of, by) {
      const [row] =
        by === undefined
          ? await reads.query<{ changed: boolean }>(`select ${name("resume_node_1")}($1) as changed`, [of])
          : await reads.query<{ changed: boolean }>(`select ${name("suspend_node_1")}($1, $2) as changed`, [
              of,
              by,
            ]);
      if (of === node) await presence.look();
      return row?.changed ?? false;
    },
    async remove(of) {
      const [row] = await reads.query<{ outcome: number }>(`select ${name("remove_node_1")}($1) as outcome`, [
        of,
      ]);
      await presence.look();
      return row?.outcome !== 1;
    },
    look: () => presence.look(),
    introduce: (place) => presence.introduce(place),
    tellsListeners: (failed) => presence.tellsListeners(failed),
  };
}
