/** What one node shows of all, and does to any: `Get-Node`, `Suspend-Node`, `Resume-Node`, and whom it may ask. */
import type { SharedAudit } from "../administration/audit-contract.ts";
import type { Upkeep } from "../database/upkeep.ts";
import type { Durability } from "../database/durability.ts";
import type { Database } from "../database/database.ts";
import type { Drain } from "./drain.ts";
import type { NodeView, Presence } from "./node-contract.ts";
import { listNodes } from "./node-list.ts";

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
