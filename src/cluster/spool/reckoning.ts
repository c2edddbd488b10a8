/**
 * What the database has as this node's, against what this node knows. They differ after a call whose answer never came (the
 * claim was done, and nobody holds it), and where the database lost commits that it had confirmed: it was put back, or a
 * standby took over that nobody waited for. Both show as a new connection; so entries are looked through a while after one,
 * and those this node knows nothing of are anybody's. Nothing is asked while connections last. Why: docs/decisions/0080.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { QueueName } from "../../spool/spool.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import type { CommitGroup } from "./commit-group.ts";

const secondMs = 1_000;
/** A call that nobody waits for any more may be done later: as long as a server takes to notice that. */
const doubtMs = 60_000;
const againMs = 5_000;

export function createReckoning(parts: {
  readonly database: Pick<Database, "commits" | "reads" | "name">;
  readonly membership: Pick<Membership, "current" | "isSafe">;
  readonly group: CommitGroup;
  /** This node holds something of it, or is about to. */
  readonly knows: (id: MessageId) => boolean;
  /** So many entries were this node's without its knowledge. */
  readonly onFreed: (entries: number) => void;
  /** So many commits are not there any more. */
  readonly onWentBack: (commits: number) => void;
}): { close(): void } {
  const { database, membership, group, knows, onFreed, onWentBack } = parts;
  // Claims go the same way one after the other: when a look is answered, what was claimed before is known here.
  const { commits, reads, name } = database;
  const connections = (): number =>
    commits.reduce((sum, { connection }) => sum + connection, reads.connection);
  let seen = connections();
  let doubtUntil = Number.NEGATIVE_INFINITY;
  let nextAt = 0;
  let isLooking = false;
  /** Told already. */
  let missing = { nodeId: 0, upTo: 0 };

  const look = async (nodeId: number): Promise<void> => {
    const confirmed = group.confirmed(nodeId);
    const rows = await reads.query<{
      seqs: readonly string[] | null;
      id: string | null;
      queue: QueueName;
      rev: number;
    }>(
      `select nc.seqs, e.id, e.queue, e.rev
        from (
          select array_agg(coalesce((
              select t.seq from ${name("commit_turn")} t where t.node_id = $1 and t.lane = l.lane order by t.turn desc limit 1
            ), 0) order by l.lane) as seqs
            from ${name("node_commit")} l where l.node_id = $1
        ) nc
        left join ${name("entry")} e on e.owner = $1 and nc.seqs is not null`,
      [nodeId],
    );
    const there = rows[0]?.seqs?.map(Number) ?? [];
    let gone = 0;
    for (const [lane, upTo] of confirmed.entries())
      if (upTo > 0) gone += Math.max(0, upTo - (there[lane] ?? upTo));
    const upTo = Math.max(...confirmed);
    const isTold = missing.nodeId === nodeId && missing.upTo >= upTo;
    if (gone > 0 && !isTold) {
      missing = { nodeId, upTo };
      onWentBack(gone);
    }
    const unknown = rows.filter(
      ({ id }) => id !== null && !knows(Number(id)) && !group.isBusyWith(Number(id)),
    );
    if (unknown.length === 0) return;
    const [row] = await reads.query<{ freed: string }>(
      `select ${name("disown_1")}($1, $2, $3, $4) as freed`,
      [nodeId, unknown.map(({ id }) => id), unknown.map(({ queue }) => queue), unknown.map(({ rev }) => rev)],
    );
    const freed = Number(row?.freed ?? 0);
    if (freed > 0) onFreed(freed);
  };

  const tick = (): void => {
    const now = performance.now();
    if (connections() !== seen) {
      seen = connections();
      doubtUntil = now + doubtMs;
      nextAt = now;
    }
    const { current, isSafe } = membership;
    if (now > doubtUntil || now < nextAt || isLooking || current === undefined || !isSafe) return;
    isLooking = true;
    look(current.nodeId)
      .then(() => (nextAt = performance.now() + againMs))
      // It is looked again in a second.
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  };
  const timer = setInterval(tick, secondMs).unref();
  return { close: () => clearInterval(timer) };
}
