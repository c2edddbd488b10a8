/**
 * `Spool.walkOld`, by one node for all. A round goes through the ids, and gives what was accepted before an instant and not
 * before that of the last round; what it passed because it was held, or its queue is left out, is met again first. So what
 * began early and was accepted late, here or by another node, is met by the round after. Times of acceptance are other
 * nodes' clocks, and what is being accepted has one already: a round looks a minute further back than it would have to, and
 * what was given of that minute is remembered.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import { drawnAt } from "../../spool/messages/message-ids.ts";
import { SpoolError, type OldMessages, type QueueName } from "../../spool/spool.ts";
import type { Database } from "../database/database.ts";
import type { Claiming, Earlier } from "./claiming.ts";
import { closedFault, type CommitGroup } from "./commit-group.ts";
import type { HeldClaim } from "./live-messages.ts";
import { idAt } from "./node-ids.ts";

interface OldRow {
  readonly id: MessageId;
  readonly arrivedAt: number;
  readonly entries: readonly { readonly queue: QueueName; readonly isHeld: boolean }[];
}

const atOnce = 64;
const overlapMs = 60_000;
/** More than these are not remembered singly: the next round walks over the others once more. */
const maxPassed = 10_000;

export function walkOld(parts: {
  readonly clock: Clock;
  readonly database: Pick<Database, "inspection" | "name">;
  readonly isChores: () => boolean;
  readonly group: CommitGroup;
  readonly claiming: Claiming;
  readonly earlier: Earlier;
}): OldMessages {
  const { clock, database, isChores, group, claiming, earlier } = parts;
  let at: MessageId = -1;
  /** Everything accepted before was given, or stands in `passed`. */
  let doneBefore = Number.NEGATIVE_INFINITY;
  /** Of this round: the earliest that was asked for. */
  let roundBefore = Number.POSITIVE_INFINITY;
  /** Given, and accepted since `doneBefore`. */
  const given = new Map<MessageId, number>();
  let again: MessageId[] = [];
  let passed = new Set<MessageId>();

  const arrived = `min(case when e.id <= ${earlier.lastId} then least(e.arrived_at, ${earlier.openedAt}::float8) else e.arrived_at end)`;
  const select = (where: string, having: string): string => `
    select e.id, ${arrived} as arrived_at, array_agg(e.queue) as queues, array_agg(e.owner is not null) as held
      from ${database.name("entry")} e where ${where} group by e.id having ${having} order by e.id limit ${atOnce}`;
  const behind = select("e.id > $1 and e.id < $2", `${arrived} < $3 and ${arrived} >= $4`);
  const named = select("e.id = any($1::bigint[])", "true");

  const rowsOf = async (text: string, values: readonly unknown[]): Promise<OldRow[]> => {
    const rows = await database.inspection
      .query<{ id: string; arrived_at: number; queues: string[]; held: boolean[] }>(text, values)
      .catch((error: unknown) => {
        throw new SpoolError("failed", `old messages cannot be read: ${String(error)}`, { cause: error });
      });
    return rows.map(({ id, arrived_at: arrivedAt, queues, held }) => ({
      id: Number(id),
      arrivedAt,
      entries: queues.map((queue, n) => ({ queue, isHeld: held[n] === true })),
    }));
  };

  const pass = (id: MessageId): void => void passed.add(id);

  const endRound = (): void => {
    at = -1;
    if (passed.size > maxPassed) passed = new Set();
    else if (roundBefore < Number.POSITIVE_INFINITY)
      doneBefore = Math.max(doneBefore, Math.min(roundBefore, clock.now() - overlapMs));
    again = [...passed].sort((a, b) => a - b);
    passed = new Set();
    for (const [id, arrivedAt] of given) if (arrivedAt < doneBefore) given.delete(id);
    roundBefore = Number.POSITIVE_INFINITY;
  };

  return {
    async claim(arrivedBefore, limit, leaves = () => false) {
      if (group.closed) throw closedFault();
      if (!isChores()) return [];
      await group.tried();
      roundBefore = Math.min(roundBefore, arrivedBefore);
      const wanted: { readonly id: MessageId; readonly queue: QueueName }[] = [];
      /** Where all that was free was given, when it is got. */
      const whole = new Map<MessageId, OldRow>();

      /** False: its claims are more than there is room for. */
      const meet = (row: OldRow): boolean => {
        const free = row.entries.filter(({ queue, isHeld }) => !isHeld && !leaves(queue));
        if (wanted.length > 0 && wanted.length + free.length > limit) return false;
        if (free.length < row.entries.length) pass(row.id);
        else whole.set(row.id, row);
        for (const { queue } of free) wanted.push({ id: row.id, queue });
        return true;
      };

      const collect = async (): Promise<void> => {
        while (again.length > 0) {
          const rows = await rowsOf(named, [again.slice(0, atOnce)]);
          const ids = again.slice(0, atOnce);
          for (const id of ids) {
            const row = rows.find((one) => one.id === id);
            if (row !== undefined && row.arrivedAt >= arrivedBefore) pass(id);
            else if (row !== undefined && (wanted.length >= limit || !meet(row))) return;
            again.shift();
          }
        }
        // Ids that run ahead of the clock do not tell who arrived before whom.
        const idsTellTime = drawnAt(earlier.lastId) <= clock.now();
        const end = idsTellTime ? idAt(Math.min(arrivedBefore, 1e14)) + 4096 : Number.MAX_SAFE_INTEGER;
        while (!group.closed) {
          const rows = await rowsOf(behind, [at, end, arrivedBefore, doneBefore]);
          for (const row of rows) {
            if (!given.has(row.id) && (wanted.length >= limit || !meet(row))) return;
            at = row.id;
          }
          if (rows.length < atOnce) return;
        }
      };
      await collect();
      const held = await claiming.some(wanted);
      const got = new Map<MessageId, HeldClaim[]>();
      for (const claim of held) got.set(claim.message.id, [...(got.get(claim.message.id) ?? []), claim]);
      for (const [id, row] of whole) {
        // Another was quicker with some of it.
        if (got.get(id)?.length === row.entries.length) given.set(id, row.arrivedAt);
        else pass(id);
      }
      if (held.length === 0 && wanted.length === 0) endRound();
      // In the order of their recipients, as the message has them.
      const first = (claim: HeldClaim): number => claim.entry[0]?.index ?? 0;
      return held.sort((a, b) => a.message.id - b.message.id || first(a) - first(b));
    },
  };
}
