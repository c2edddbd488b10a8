/**
 * What this node knows of itself and the others between heartbeats: whether somebody suspended it, and where those that live
 * are asked. Looked at as often as it says that it lives; without the database what was known last holds.
 */
import type { Clock } from "../../ports/ports.ts";
import { repeatLook } from "../../ports/repeated-look.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { isForgotten } from "../schema/forgetting.ts";
import { schemaState, whyTooOld } from "../schema/migrate.ts";
import { newestVersion } from "../schema/migrations.ts";
import type { NodeSuspended, Peer, Presence } from "./node-contract.ts";

/** Looks once. Rejects with DatabaseFault. */
export async function openPresence(parts: {
  readonly database: Pick<Database, "reads" | "name" | "schema">;
  readonly membership: Membership;
  readonly node: string;
  readonly clock: Clock;
  readonly everyMs: number;
  /** Told to the others: for how long they show it when it is gone. Default: as the database has it. */
  readonly forgetAfterMs?: number;
}): Promise<Presence> {
  const { database, membership, node, clock, everyMs, forgetAfterMs } = parts;
  const { reads, name } = database;
  const listeners: ((suspended: NodeSuspended | undefined) => void)[] = [];
  let suspended: NodeSuspended | undefined;
  let outdated: NodeSuspended | undefined;
  let peers: readonly Peer[] = [];
  let place: { readonly address: string; readonly fingerprint: string } | undefined;
  let failedListeners: (() => readonly string[]) | undefined;

  /** Asked for by itself: of the other tables a later release may have made others. */
  const lookAtSchema = async (): Promise<void> => {
    const why = whyTooOld(await schemaState(reads, database.schema));
    if (why === undefined) outdated = undefined;
    else outdated ??= { since: new Date(), by: "weir cluster migrate", outdated: why };
  };

  const look = async (): Promise<void> => {
    const before = suspended ?? outdated;
    await lookAtSchema();
    await lookAtNodes().catch((error: unknown) => {
      if (outdated === undefined) throw error;
    });
    const now = suspended ?? outdated;
    if (now?.outdated !== before?.outdated || (before === undefined) !== (now === undefined))
      for (const listener of listeners) listener(now);
  };

  const lookAtNodes = async (): Promise<void> => {
    const rows = await reads.query<{
      name: string;
      address: string | null;
      fingerprint: string | null;
      failed_listeners: string[] | null;
      knows: number | null;
      since: Date | null;
      by: string | null;
      has_ended: boolean;
      has_left: boolean;
      forget_ms: number;
      is_forgotten: boolean;
    }>(
      `select distinct on (n.name) n.name, n.address, n.fingerprint, n.failed_listeners, n.knows, s.since, s.suspended_by as by,
          n.ended_at is not null as has_ended, n.left_at is not null as has_left,
          (extract(epoch from n.forget_after) * 1000)::float8 as forget_ms, ${isForgotten} as is_forgotten
        from ${name("node")} n left join ${name("node_suspension")} s on s.name = n.name
        order by n.name, n.node_id desc`,
    );
    peers = rows
      .filter((row) => row.name !== node && !row.is_forgotten)
      .map((row) => ({
        name: row.name,
        address: row.address ?? undefined,
        fingerprint: row.fingerprint ?? undefined,
        gone: !row.has_ended ? undefined : row.has_left ? ("stopped" as const) : ("down" as const),
      }));
    const own = rows.find((row) => row.name === node);
    if (own === undefined || own.has_ended) return;
    const isIntroduced =
      own.address === (place?.address ?? null) && own.fingerprint === (place?.fingerprint ?? null);
    if (!isIntroduced) await tell();
    await tellListeners(own.failed_listeners ?? []);
    if (own.knows !== newestVersion) await tellRelease();
    if (forgetAfterMs !== undefined && own.forget_ms !== forgetAfterMs) await tellForgetting(forgetAfterMs);
    suspended = own.since === null ? undefined : { since: own.since, by: own.by ?? "" };
  };

  const tellRelease = async (): Promise<void> => {
    const { nodeId } = membership.current ?? {};
    if (nodeId !== undefined)
      await reads.query(`select ${name("tell_release_1")}($1, $2)`, [nodeId, newestVersion]);
  };

  const tellForgetting = async (ms: number): Promise<void> => {
    const { nodeId } = membership.current ?? {};
    if (nodeId !== undefined) await reads.query(`select ${name("tell_forgetting_1")}($1, $2)`, [nodeId, ms]);
  };

  const tell = async (): Promise<void> => {
    const { nodeId } = membership.current ?? {};
    if (nodeId === undefined) return;
    await reads.query(`select ${name("introduce_1")}($1, $2, $3)`, [
      nodeId,
      place?.address ?? null,
      place?.fingerprint ?? null,
    ]);
  };

  const tellListeners = async (told: readonly string[]): Promise<void> => {
    const { nodeId } = membership.current ?? {};
    const failed = failedListeners?.();
    if (nodeId === undefined || failed === undefined) return;
    if (failed.length === told.length && failed.every((text, index) => text === told[index])) return;
    await reads.query(`select ${name("tell_listeners_1")}($1, $2)`, [nodeId, failed]);
  };

  await look();
  // Heartbeats tell of a database that is away.
  const looks = repeatLook(clock, everyMs, look);
  return {
    get suspended() {
      return suspended ?? outdated;
    },
    get peers() {
      return peers;
    },
    async introduce(given) {
      place = given;
      await tell().catch(() => undefined);
    },
    tellsListeners(failed) {
      failedListeners = failed;
    },
    onChanged: (listener) => void listeners.push(listener),
    look: () => looks.now(),
    close: () => void looks.close(),
  };
}
