/** What a node may have of connections that all nodes count together, asked of the database. */
import type { PlacesGiven, SharedConnections } from "../../ports/shared-connections.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { asNode } from "./as-node.ts";

interface Row {
  readonly [column: string]: unknown;
  readonly n: number;
  readonly key: string;
  readonly granted: number;
  readonly goal: number;
}

/** `turn`: whose are places that do not divide, in place of the database's clock; for tests. */
export function createDatabaseConnections(parts: {
  readonly database: Pick<Database, "shared" | "name">;
  readonly membership: Pick<Membership, "current" | "fault" | "ended" | "onEnded" | "onUnsafe">;
  readonly turn?: () => number;
}): SharedConnections {
  const { database, membership, turn } = parts;
  const { shared: session, name } = database;
  const text = `select * from ${name("share_places_1")}($1, $2, $3, $4, $5, $6)`;
  return {
    share: (asks) =>
      asNode(membership, async (nodeId) => {
        const rows = await session.query<Row>(text, [
          nodeId,
          turn?.() ?? null,
          asks.map(({ key }) => key),
          asks.map(({ limit }) => limit),
          asks.map(({ held }) => held),
          asks.map(({ wanted }) => wanted),
        ]);
        const given: PlacesGiven[] = asks.map(() => ({ granted: 0, goal: 0 }));
        for (const { n, granted, goal } of rows) if (n > 0) given[n - 1] = { granted, goal };
        return { given, contested: rows.filter(({ n }) => n === 0).map(({ key }) => key) };
      }),
    onLost(listener) {
      membership.onUnsafe(listener);
      membership.onEnded(listener);
    },
  };
}
