/** Spools on a test's PostgreSQL. A node is a name and an installation; where both come again it has been restarted. */
import { openDatabase, type Database } from "../../src/cluster/database/database.ts";
import { joinCluster, type Membership } from "../../src/cluster/membership/membership.ts";
import {
  openPostgresSpool,
  type PostgresSpool,
  type PostgresSpoolOptions,
} from "../../src/cluster/spool/postgres-spool.ts";
import type { DatabaseSettings } from "../../src/core/policy/cluster-settings.ts";
import type { Clock } from "../../src/ports/ports.ts";

export interface TestNode {
  readonly spool: PostgresSpool;
  readonly membership: Membership;
  readonly database: Database;
  /** In good order. */
  close(): Promise<void>;
  /** As when its process is killed: nothing is told to the database. */
  vanish(): void;
}

export async function openNode(
  options: {
    readonly clock: Clock;
    readonly name?: string;
    readonly leaseMs?: number;
    /** With connections of its own, which end with it; or with those of the test, which stay. */
    readonly settings?: DatabaseSettings;
    readonly database?: Database;
  } & Partial<Omit<PostgresSpoolOptions, "membership">>,
): Promise<TestNode> {
  const { name = "a", leaseMs = 10_000, settings } = options;
  const database = options.database ?? (settings && openDatabase(settings));
  if (database === undefined) throw new Error("a node needs a database");
  const membership = await joinCluster(database, { name, installation: name, leaseMs, version: "test" });
  const spool = await openPostgresSpool({ ...options, database, membership, leaseMs });
  const vanish = (): void => database.close();
  return {
    spool,
    membership,
    database,
    async close() {
      await spool.close();
      await membership.leave();
      if (options.database === undefined) database.close();
    },
    vanish,
  };
}

/** Removes everything that a test left. */
export async function emptySchema({ heartbeat, name }: Database): Promise<void> {
  const tables =
    "node node_commit commit_turn message entry body damaged answer answer_turn suspended_queue discredit day_count send_pace mta_sts_policy mta_sts_fetch tls_result tls_report outbound_place sender_seen finding_told notice_told".split(
      " ",
    );
  await heartbeat.query(
    `${tables.map((table) => `delete from ${name(table)}`).join("; ")}; update ${name("chores")} set until = '-infinity'`,
  );
}
