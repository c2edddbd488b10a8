/** A node put together: its place among the others, the spool and the limits they share. What it meets is told by events. */
import { join } from "node:path";
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import type { Events } from "../events/events.ts";
import { isThere } from "../ports/file-fault.ts";
import { makeDirectory } from "../ports/make-directory.ts";
import type { Clock } from "../ports/ports.ts";
import type { SharedNotices } from "../ports/shared-notices.ts";
import type { DiscreditNews } from "../receive/admission/discredits.ts";
import type { Ledger } from "../receive/admission/ledger.ts";
import type { SharedSending } from "../send/sender.ts";
import type { Suspensions } from "../send/delivery/suspensions.ts";
import { lockDirectory } from "../spool/lock/directory-lock.ts";
import { openClosedSpool } from "../spool/moving/closed-spool.ts";
import { readMovedMark } from "../spool/moving/moved-mark.ts";
import { SpoolError, type SpoolError as Fault } from "../spool/spool.ts";
import type { SharedAudit } from "./administration/audit-contract.ts";
import { createSharedAudit } from "./administration/shared-audit.ts";
import { shareKeyUses, type KeyUses } from "./administration/shared-key-uses.ts";
import { openDatabase, type Database } from "./database/database.ts";
import { watchDurability } from "./database/durability.ts";
import { watchUpkeep } from "./database/upkeep.ts";
import { createPostgresLedger } from "./ledger/postgres-ledger.ts";
import { installationOf } from "./membership/installation.ts";
import { clockOffset, joinCluster } from "./membership/membership.ts";
import { createDrain, type Drain } from "./nodes/drain.ts";
import type { NodeView } from "./nodes/node-contract.ts";
import { createNodeView } from "./nodes/node-view.ts";
import { openPresence } from "./nodes/presence.ts";
import { createDatabaseConnections } from "./shared/database-connections.ts";
import { createDatabaseNotices } from "./shared/database-notices.ts";
import { createDatabaseShares } from "./shared/database-shares.ts";
import { createLooks } from "./shared/looks.ts";
import { createSharedDiscredits } from "./shared/shared-discredits.ts";
import { createSharedPolicies } from "./shared/shared-policies.ts";
import { createSharedTlsResults } from "./shared/shared-tls-results.ts";
import { openSharedSuspensions, type SharedSuspensions } from "./shared/suspended-queues.ts";
import { schemaState, whyUnfit } from "./schema/migrate.ts";
import { openPostgresSpool, type PostgresSpool } from "./spool/postgres-spool.ts";

export interface NodeSurroundings {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly events: Events;
  /** Of this program. */
  readonly version: string;
  readonly onCommit: (works: number, elapsedMs: number) => void;
  /** Of this machine, from before it was a node. */
  readonly suspensions: Suspensions;
}

export interface ClusterNode {
  /** Who changed what, on all nodes. */
  readonly audit: SharedAudit;
  /** From now on, until the node leaves. */
  shareKeyUses(keys: KeyUses): void;
  readonly spool: PostgresSpool;
  readonly ledger: Ledger;
  readonly suspensions: SharedSuspensions;
  readonly discredits: DiscreditNews;
  readonly sending: SharedSending;
  readonly notices: SharedNotices;
  /** Who else there is. */
  readonly view: NodeView;
  readonly drain: Drain;
  /** It does what one node does for all. */
  readonly isChores: boolean;
  /** What stands on this machine's disk. */
  readonly directory: string;
  /** Hears that others are about to count this node's places as free, and to take what it holds. */
  onUnsafe(listener: () => void): void;
  /** Behind the close of the spool: all this node held is anybody's. */
  leave(): Promise<void>;
}

/** So long a start waits for a database that fails over. */
const patienceMs = 60_000;
const againMs = 500;
/** So far a node's clock may be from the database's before it is told. */
const clockOffMs = 2_000;
/** No node starts with a clock that is further off. */
const clockUnfitMs = 600_000;

/** Rejects with SpoolError when the database cannot be used, or the name is another node's. */
export async function openClusterNode(
  cluster: ClusterSettings,
  around: NodeSurroundings,
): Promise<ClusterNode> {
  const { events, clock, version, onCommit } = around;
  const { leaseMs } = cluster;
  const directory = join(around.dataDirectory, "node");
  await makeDirectory(directory, 0o700);
  const lock = await lockDirectory(directory);
  const database = openDatabase(cluster.database);
  try {
    const installation = await installationOf(directory);
    await fitDatabase(database, cluster.database.schema);
    await fitClock(database, clock);
    const name = cluster.node;
    const membership = await patiently(() => joinCluster(database, { name, installation, leaseMs, version }));
    membership.onEnded(() => events.emit("NodeTakenForDead", { reason: "its lease was over" }));
    let isClockOff = false;
    membership.onClockOffset((aheadMs) => {
      const isOff = Math.abs(aheadMs) > clockOffMs;
      const seconds = Math.round(Math.abs(aheadMs) / 1_000);
      if (isOff && !isClockOff) events.emit("ClockOff", { seconds, way: aheadMs > 0 ? "ahead" : "behind" });
      isClockOff = isOff;
    });
    membership.onReaped((nodes) => events.emit("NodesTakenOver", { nodes }));
    const durability = await watchDurability({
      session: database.shared,
      events,
      by: cluster.database.durability ?? "standby",
      clock,
      everyMs: leaseMs,
    });
    const upkeep = watchUpkeep({
      session: database.shared,
      schema: cluster.database.schema,
      events,
      clock,
      everyMs: leaseMs,
    });
    await warnOfOwnQueue(around);
    const presence = await openPresence({
      database,
      membership,
      node: name,
      clock,
      everyMs: leaseMs / 4,
      forgetAfterMs: cluster.forgetAfterMs,
    });
    membership.onSafe(() => void presence.look().catch(() => undefined));
    const tellSuspension = (suspended = presence.suspended): void => {
      if (suspended === undefined) events.emit("NodeResumed", {});
      else if (suspended.outdated !== undefined) events.emit("NodeOutdated", { why: suspended.outdated });
      else events.emit("NodeSuspended", { who: suspended.by, since: suspended.since.toISOString() });
    };
    if (presence.suspended !== undefined) tellSuspension();
    presence.onChanged(tellSuspension);
    const looks = createLooks(clock);
    const suspensions = await openSharedSuspensions({ database, looks, own: around.suspensions });
    const discredits = createSharedDiscredits({ database, looks });
    const shares = createDatabaseShares({ database, membership });
    const sending: SharedSending = {
      shares,
      connections: createDatabaseConnections({ database, membership }),
      mtaSts: createSharedPolicies({ database, membership, looks, clock }),
      tlsResults: (failed) => createSharedTlsResults({ database, node: name, clock }, failed),
    };
    const drain = createDrain({ presence, clock, delayMs: cluster.drainDelayMs });
    const spool = await openPostgresSpool({
      database,
      membership,
      clock,
      leaseMs,
      onFault: (fault: Fault) => events.emit("SpoolFault", { error: fault.message }),
      onCommit,
      onAnswersCrowded: (kept) => events.emit("AnswersForgottenEarly", { kept }),
      onOrphans: (entries) => events.emit("OwnerlessMail", { entries }),
      onFreed: (entries) => events.emit("UnansweredClaims", { entries }),
      onWentBack: (commits) => events.emit("DatabaseWentBack", { commits }),
      isDraining: () => drain.suspended !== undefined,
    });
    const { inspection, name: of } = database;
    const audit = createSharedAudit({ session: inspection, name: of, node: name });
    let keyUses: { close(): Promise<void> } | undefined;
    const ledger = createPostgresLedger({ database, membership, leaseMs });
    events.emit("NodeJoined", {
      node: name,
      number: membership.current?.nodeId ?? 0,
      living: membership.living,
      hosts: cluster.database.hosts.map(({ host, port }) => `${host}:${port}`).join(", "),
    });
    return {
      spool,
      ledger,
      suspensions,
      discredits,
      sending,
      notices: createDatabaseNotices(database, name),
      audit,
      shareKeyUses(keys) {
        keyUses ??= shareKeyUses({ session: inspection, name: of, keys, clock });
      },
      view: createNodeView({ node: name, database, presence, drain, durability, upkeep, audit }),
      drain,
      get isChores() {
        return membership.isChores;
      },
      directory,
      onUnsafe: (listener) => membership.onUnsafe(listener),
      async leave() {
        await Promise.all([audit.close(), keyUses?.close()]);
        drain.close();
        durability.close();
        upkeep.close();
        presence.close();
        looks.close();
        discredits.close();
        ledger.close();
        await membership.leave();
        database.close();
        await lock.unlock();
      },
    };
  } catch (error) {
    database.close();
    await lock.unlock();
    if (error instanceof SpoolError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new SpoolError("failed", `the node cannot join: ${text}`, { cause: error });
  }
}

async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { kind, code } = error as { kind?: string; code?: string };
      // A commit of the former incarnation is under way (55P03).
      const mayPass = kind === "unreachable" || kind === "lost" || code === "55P03";
      if (!mayPass || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}

async function fitDatabase({ heartbeat }: Database, schema: string): Promise<void> {
  const unfit = whyUnfit(await patiently(() => schemaState(heartbeat, schema)));
  if (unfit !== undefined) throw new SpoolError("failed", unfit);
  const [row] = await heartbeat.query<{ version: number; durable: string }>(
    "select current_setting('server_version_num')::int as version, current_setting('synchronous_commit') as durable",
  );
  if ((row?.version ?? 0) < 150_000) throw new SpoolError("failed", "PostgreSQL 15 or later is needed");
  if (row?.durable === "off" || row?.durable === "local")
    throw new SpoolError(
      "failed",
      `synchronous_commit is ${row.durable} for this role: mail would not be durable`,
    );
}

/**
 * What waits is given up on by the clock of the node that has it: one that comes three days ahead would try what all nodes have put off at once,
 * and send it back as expired. While a node runs its clock does not jump (`Clock.now`).
 */
async function fitClock({ heartbeat }: Database, clock: Clock): Promise<void> {
  const sentAt = Date.now();
  const [row] = await patiently(() =>
    heartbeat.query<{ now: number }>("select (extract(epoch from clock_timestamp()) * 1000)::float8 as now"),
  );
  // The machine's may have been set since this process began.
  const setMs = clock.now() - clock.wall().getTime();
  const aheadMs = clockOffset(sentAt, row?.now ?? sentAt, Date.now()) + setMs;
  if (Math.abs(aheadMs) <= clockUnfitMs) return;
  const off = `${Math.round(Math.abs(aheadMs) / 60_000)} minutes ${aheadMs > 0 ? "ahead of" : "behind"}`;
  throw new SpoolError(
    "failed",
    `the clock of this node is ${off} the database's: mail of all nodes would be given up on at a wrong time; set the one that is wrong, and start again`,
  );
}

/** What a relay left that was here before the node. */
async function warnOfOwnQueue({ dataDirectory, clock, events }: NodeSurroundings): Promise<void> {
  const directory = join(dataDirectory, "spool");
  if (!(await isThere(join(directory, "data.mdb")))) return;
  try {
    if ((await readMovedMark(directory))?.endedAt !== undefined) return;
    const spool = await openClosedSpool(directory, clock);
    const { messages } = spool;
    await spool.close();
    if (messages > 0) events.emit("OwnQueueLeft", { messages, directory });
  } catch {
    // It is being moved.
  }
}
