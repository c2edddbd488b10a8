/**
 * Whether the database keeps what it confirms, looked at from time to time: a failover brings another server with settings of
 * its own, and a standby may go. What is found and what is mended is told once.
 */
import {
  durabilityFaults,
  type DatabaseFacts,
  type DurabilityBy,
  type DurabilityFault,
} from "../../core/policy/database-durability.ts";
import type { Events } from "../../events/events.ts";
import type { Session } from "./session.ts";

export interface Durability {
  /** By the last look. */
  readonly faults: readonly DurabilityFault[];
  /** Looks now. Rejects with DatabaseFault. */
  look(): Promise<void>;
  close(): void;
}

/** Rejects with DatabaseFault. */
export async function readDatabaseFacts({ query }: Pick<Session, "query">): Promise<DatabaseFacts> {
  const [row] = await query<{
    fsync: boolean;
    full_page_writes: boolean;
    standby_names: string;
    followers: number;
    synchronous: number;
    unseen: number;
  }>(
    // Without pg_monitor a row has no more than its process.
    `select current_setting('fsync') = 'on' as fsync, current_setting('full_page_writes') = 'on' as full_page_writes,
        current_setting('synchronous_standby_names') as standby_names, count(*)::int as followers,
        (count(*) filter (where sync_state in ('sync', 'quorum')))::int as synchronous,
        (count(*) filter (where sync_state is null))::int as unseen
      from pg_stat_replication`,
  );
  if (row === undefined) throw new Error("the database said nothing of itself");
  return {
    fsync: row.fsync,
    fullPageWrites: row.full_page_writes,
    standbyNames: row.standby_names.trim(),
    followers: row.followers,
    synchronous: row.unseen > 0 ? undefined : row.synchronous,
  };
}

/** Looks once; what cannot be seen then is seen later. */
export async function watchDurability(parts: {
  readonly session: Pick<Session, "query">;
  readonly events: Pick<Events, "emit">;
  readonly by: DurabilityBy;
  readonly everyMs: number;
}): Promise<Durability> {
  const { session, events, by, everyMs } = parts;
  let faults: readonly DurabilityFault[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = async (): Promise<void> => {
    const facts = await readDatabaseFacts(session);
    const before = faults;
    faults = durabilityFaults(facts, by);
    const isNew = ({ code }: DurabilityFault): boolean => !before.some((fault) => fault.code === code);
    for (const { code, text } of faults.filter(isNew)) {
      if (code === "noStandby") events.emit("NoStandby", {});
      else if (code === "standbyAway") events.emit("StandbyAway", { names: facts.standbyNames });
      else events.emit("DatabaseNotDurable", { what: text });
    }
    // One that is not there is no better than one that is not waited for.
    const isOfStandby = ({ code }: DurabilityFault): boolean =>
      code === "noStandby" || code === "standbyAway";
    const mended = before.filter(
      (fault) => !faults.some((now) => now.code === fault.code || (isOfStandby(now) && isOfStandby(fault))),
    );
    if (mended.length > 0)
      events.emit("DatabaseDurable", { what: mended.map(({ code }) => mendedTexts[code]).join(", ") });
  };

  const plan = (): void => {
    if (closed) return;
    timer = setTimeout(() => {
      // Heartbeats tell of a database that is away.
      look()
        .catch(() => undefined)
        .finally(plan);
    }, everyMs).unref();
  };

  await look().catch(() => undefined);
  plan();
  return {
    get faults() {
      return faults;
    },
    look,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

const mendedTexts: Readonly<Record<DurabilityFault["code"], string>> = {
  fsyncOff: "fsync is on",
  fullPageWritesOff: "full_page_writes is on",
  noStandby: "a synchronous standby is waited for",
  standbyAway: "a synchronous standby is connected",
};
