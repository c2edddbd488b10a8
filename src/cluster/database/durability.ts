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
import type { Clock } from "../../ports/ports.ts";
import { watchFaults, type FaultWatch } from "./fault-watch.ts";
import type { Session } from "./session.ts";

/** A look rejects with DatabaseFault. */
export type Durability = FaultWatch<DurabilityFault>;

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
  readonly clock: Clock;
  readonly everyMs: number;
}): Promise<Durability> {
  const { session, events, by, clock, everyMs } = parts;
  /** By the last look, `synchronous_standby_names`. */
  let names = "";
  const watch = watchFaults<DurabilityFault>({
    clock,
    everyMs,
    async read() {
      const facts = await readDatabaseFacts(session);
      names = facts.standbyNames;
      return durabilityFaults(facts, by);
    },
    tell({ code, text }) {
      if (code === "noStandby") events.emit("NoStandby", {});
      else if (code === "standbyAway") events.emit("StandbyAway", { names });
      else events.emit("DatabaseNotDurable", { what: text });
    },
    tellMended: (mended) =>
      events.emit("DatabaseDurable", { what: mended.map(({ code }) => mendedTexts[code]).join(", ") }),
    // One that is not there is no better than one that is not waited for.
    about: (code) => (code === "noStandby" || code === "standbyAway" ? "standby" : code),
  });
  await watch.look().catch(() => undefined);
  return watch;
}

const mendedTexts: Readonly<Record<DurabilityFault["code"], string>> = {
  fsyncOff: "fsync is on",
  fullPageWritesOff: "full_page_writes is on",
  noStandby: "a synchronous standby is waited for",
  standbyAway: "a synchronous standby is connected",
};
