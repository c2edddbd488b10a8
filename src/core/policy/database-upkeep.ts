/** Whether a database can clear away old versions of rows: where it cannot, the database grows with each message, and looks at whole queues take longer. */

/** What keeps old versions of rows: a transaction, a replication slot. */
export interface RowHolder {
  /** For people: `session 4711 of postgres (psql)`. */
  readonly who: string;
  /** Milliseconds; by what was seen of it, or its own word. */
  readonly heldMs: number;
}

export interface DeadRows {
  readonly table: string;
  readonly dead: number;
  readonly live: number;
}

export type UpkeepFaultCode = "rowsHeld" | "deadRows";

export interface UpkeepFault {
  readonly code: UpkeepFaultCode;
  /** A sentence without its beginning capital and its full stop. */
  readonly text: string;
  readonly advice: string;
}

const minuteMs = 60_000;
/** So long nobody notices. */
const heldMostMs = minuteMs;
const deadMost = 100_000;
const deadToLive = 20;

/** Empty: as it should be. */
export function upkeepFaults(
  holders: readonly RowHolder[],
  tables: readonly DeadRows[],
): readonly UpkeepFault[] {
  const faults: UpkeepFault[] = [];
  const [oldest] = holders
    .filter(({ heldMs }) => heldMs >= heldMostMs)
    .toSorted((one, other) => other.heldMs - one.heldMs);
  if (oldest !== undefined)
    faults.push({
      code: "rowsHeld",
      text: `the database has kept old rows for ${Math.floor(oldest.heldMs / minuteMs)} min for ${oldest.who}: it grows with each message until that ends`,
      advice:
        "end it (pg_terminate_backend), or let the server do so: idle_in_transaction_session_timeout; dump the standby, not the primary",
    });
  const [worst] = tables
    .filter(({ dead, live }) => dead > deadMost && dead > deadToLive * live)
    .toSorted((one, other) => other.dead - one.dead);
  if (worst !== undefined)
    faults.push({
      code: "deadRows",
      text: `the table ${worst.table} has ${worst.dead} rows that are gone and not cleared away, beside ${worst.live}`,
      advice: "see what keeps autovacuum from it: autovacuum off, or an old transaction; VACUUM clears them",
    });
  return faults;
}
