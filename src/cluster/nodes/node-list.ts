/** The nodes as the database knows them: those that live, and what is left of those that do not. */
import type { Session } from "../database/session.ts";
import { isForgotten } from "../schema/forgetting.ts";
import { knownToTheSilent } from "../schema/releases.ts";
import type { ListedNode, NodeConfiguration, NodeState } from "./node-contract.ts";

interface Row {
  readonly [column: string]: unknown;
  readonly name: string;
  readonly number: number;
  readonly version: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly has_left: boolean;
  readonly lease_ms: number;
  readonly left_ms: number;
  readonly is_chores: boolean;
  readonly holds: string;
  readonly connections: string;
  readonly address: string | null;
  readonly fingerprint: string | null;
  readonly failed_listeners: string[] | null;
  readonly is_outdated: boolean;
  readonly since: Date | null;
  readonly suspended_by: string | null;
  readonly judged: string | null;
  readonly in_force: string | null;
  readonly newest: string | null;
  readonly faults: string[] | null;
  readonly is_forgotten: boolean;
}

/** By name. Of each name the last incarnation; ended ones as long as they said. Cost: a scan of the queue. Rejects with DatabaseFault. */
export async function listNodes(
  session: Pick<Session, "query">,
  name: (of: string) => string,
): Promise<readonly ListedNode[]> {
  const rows = await session.query<Row>(
    `select distinct on (n.name) n.name, n.node_id as number, n.version, n.started_at, n.ended_at,
        n.left_at is not null as has_left,
        (extract(epoch from n.lease) * 1000)::float8 as lease_ms,
        (extract(epoch from n.lease_until - clock_timestamp()) * 1000)::float8 as left_ms,
        exists (select 1 from ${name("chores")} c where c.node_id = n.node_id) as is_chores,
        coalesce(h.entries, 0) as holds,
        coalesce((select sum(t.open) from ${name("total")} t where t.node_id = n.node_id), 0) as connections,
        n.address, n.fingerprint, n.failed_listeners, s.since, s.suspended_by,
        coalesce(n.knows, ${knownToTheSilent}) < (
          select v.min_reader from ${name("schema_version")} v order by v.version desc limit 1
        ) as is_outdated,
        ${isForgotten} as is_forgotten,
        a.version as judged, a.in_force, a.faults,
        (select max(c.version) from ${name("configuration")} c) as newest
      from ${name("node")} n
      left join ${name("configuration_applied")} a on a.node = n.name
      left join ${name("node_suspension")} s on s.name = n.name
      left join (
        select e.owner, count(*) as entries from ${name("entry")} e where e.owner is not null group by e.owner
      ) h on h.owner = n.node_id
      order by n.name, n.node_id desc`,
  );
  return rows.filter((row) => !row.is_forgotten).map(listed);
}

function listed(row: Row): ListedNode {
  const holds = Number(row.holds);
  const connections = Number(row.connections);
  return {
    name: row.name,
    state: stateOf(row, holds + connections === 0),
    number: row.number,
    version: row.version,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    leaseMs: row.lease_ms,
    leftMs: row.left_ms,
    isChores: row.is_chores,
    holds,
    connections,
    address: row.address ?? undefined,
    fingerprint: row.fingerprint ?? undefined,
    failedListeners: row.ended_at === null ? (row.failed_listeners ?? []) : [],
    suspended: row.since === null ? undefined : { since: row.since, by: row.suspended_by ?? "" },
    configuration: configurationOf(row),
  };
}

function stateOf(row: Row, isEmpty: boolean): NodeState {
  if (row.ended_at !== null) return row.has_left ? "Stopped" : "Down";
  if (row.left_ms < 0) return "NotHeard";
  if (row.since === null && !row.is_outdated) return "Up";
  return isEmpty ? "Drained" : "Draining";
}

function configurationOf({ judged, in_force: inForce, newest, faults }: Row): NodeConfiguration | undefined {
  if (judged === null || newest === null) return undefined;
  const isUsed = faults === null || faults.length === 0;
  const version = inForce ?? (isUsed ? judged : undefined);
  return {
    inForce: version === undefined ? undefined : Number(version),
    newest: Number(newest),
    faults: faults ?? [],
  };
}
