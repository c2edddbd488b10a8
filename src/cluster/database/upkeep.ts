/**
 * What keeps the database from clearing away old versions of rows, looked at from time to time. A role without pg_monitor is not told since
 * when a transaction of another has been open, but which it is: so it is measured by looks.
 */
import {
  upkeepFaults,
  type DeadRows,
  type RowHolder,
  type UpkeepFault,
} from "../../core/policy/database-upkeep.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { watchFaults, type FaultWatch } from "./fault-watch.ts";
import type { Session } from "./session.ts";

/** A look rejects with DatabaseFault. */
export type Upkeep = FaultWatch<UpkeepFault>;

interface Seen {
  readonly who: string;
  /** Another where it holds other rows. */
  readonly key: string;
  /** By the server, where it tells. */
  readonly since_ms: number | null;
}

const holders = `
  select 'session ' || a.pid || coalesce(' of ' || a.usename, '') || coalesce(' (' || nullif(a.application_name, '') || ')', '') as who,
      a.pid || ' ' || coalesce(a.backend_xid, a.backend_xmin)::text as key,
      (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as since_ms
    from pg_stat_activity a
    where coalesce(a.backend_xid, a.backend_xmin) is not null and a.pid <> pg_backend_pid()
      and (a.datid is null or a.datname = current_database())
      and a.backend_type is distinct from 'autovacuum worker'
      and not exists (select 1 from pg_stat_progress_vacuum v where v.pid = a.pid)
  union all
  select 'the replication slot ' || s.slot_name, 'slot ' || s.slot_name || ' ' || s.xmin::text, null
    from pg_replication_slots s where s.xmin is not null
  union all
  select 'the prepared transaction ' || p.gid, 'prepared ' || p.gid,
      (extract(epoch from clock_timestamp() - p.prepared) * 1000)::float8
    from pg_prepared_xacts p where p.database = current_database()`;

/** `seen`: when each was seen first, by its key; kept by the caller. Rejects with DatabaseFault. */
export async function readUpkeep(
  { query }: Pick<Session, "query">,
  schema: string,
  seen: Map<string, number>,
  now: () => number,
): Promise<readonly UpkeepFault[]> {
  const rows = await query<Seen>(holders);
  const at = now();
  for (const key of seen.keys()) if (!rows.some((row) => row.key === key)) seen.delete(key);
  const held = rows.map(({ who, key, since_ms: sinceMs }): RowHolder => {
    const first = seen.get(key) ?? at;
    seen.set(key, first);
    return { who, heldMs: Math.max(sinceMs ?? 0, at - first) };
  });
  const tables = await query<{ table: string; dead: string; live: string }>(
    "select relname as table, n_dead_tup as dead, n_live_tup as live from pg_stat_user_tables where schemaname = $1",
    [schema],
  );
  return upkeepFaults(
    held,
    tables.map(({ table, dead, live }): DeadRows => ({ table, dead: Number(dead), live: Number(live) })),
  );
}

/** Looks first when the first interval is over. */
export function watchUpkeep(parts: {
  readonly session: Pick<Session, "query">;
  readonly schema: string;
  readonly events: Pick<Events, "emit">;
  readonly clock: Clock;
  readonly everyMs: number;
}): Upkeep {
  const { session, schema, events, clock, everyMs } = parts;
  const seen = new Map<string, number>();
  return watchFaults<UpkeepFault>({
    clock,
    everyMs,
    read: () => readUpkeep(session, schema, seen, () => clock.now()),
    tell: ({ text }) => events.emit("DatabaseRowsHeld", { what: text }),
    tellMended(_mended, left) {
      if (left.length === 0) events.emit("DatabaseRowsFreed", {});
    },
  });
}
