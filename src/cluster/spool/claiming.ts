/** Claims of what is due or named: out of the database, owned by this incarnation from that commit on. */
import type { MessageId } from "../../core/message/envelope.ts";
import { everyRecipient, newRecipients, type PlacedRecipient } from "../../spool/messages/recipients.ts";
import { decodeMessage } from "../../spool/messages/record.ts";
import { SpoolError, type QueueName, type SpooledMessage } from "../../spool/spool.ts";
import { isEnded } from "../database/database-fault.ts";
import type { CopiedRow } from "../database/copy-out.ts";
import type { Database } from "../database/database.ts";
import { textValue } from "../database/sql-names.ts";
import type { Membership } from "../membership/membership.ts";
import type { CommitGroup } from "./commit-group.ts";
import type { Damage } from "./damage.ts";
import { decodeEntry } from "./entry-state.ts";
import type { HeldClaim, LiveMessages } from "./live-messages.ts";
import type { QueueView } from "./queue-view.ts";

interface ClaimedRow {
  readonly id: MessageId;
  readonly queue: QueueName;
  readonly dueAt: number;
  readonly state: Buffer | null;
  readonly record: Buffer | null;
  readonly others: readonly QueueName[];
}

export interface Claiming {
  due(queue: QueueName, limit: number, now: number): Promise<HeldClaim[]>;
  message(queue: QueueName, id: MessageId): Promise<HeldClaim | "held" | "missing">;
  /** Those of these entries that nobody holds, whole, in the order of their ids. */
  some(entries: readonly { readonly id: MessageId; readonly queue: QueueName }[]): Promise<HeldClaim[]>;
}

/** A message of an earlier run that arrived later than now, by a clock that was ahead, is as old as this run. */
export interface Earlier {
  readonly lastId: MessageId;
  readonly openedAt: number;
}

export function asOld(message: SpooledMessage, { lastId, openedAt }: Earlier): SpooledMessage {
  return message.id <= lastId && message.arrivedAt > openedAt ? { ...message, arrivedAt: openedAt } : message;
}

export function createClaiming(parts: {
  readonly database: Pick<Database, "reads" | "name">;
  readonly membership: Membership;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly lives: LiveMessages;
  readonly damage: Damage;
  readonly earlier: Earlier;
}): Claiming {
  const { database, membership, group, view, lives, damage, earlier } = parts;
  const { reads, name } = database;

  /** Rejects with SpoolError. */
  const ask = async (
    claims: (nodeId: number) => string,
    queues: readonly QueueName[],
  ): Promise<{ readonly rows: ClaimedRow[]; readonly nodeId: number }> => {
    if (queues.some((queue) => group.touches(queue))) await group.tried();
    const { nodeId } = membership.current ?? {};
    if (nodeId === undefined) throw new SpoolError("failed", membership.fault ?? "no node");
    const looks = new Map(queues.map((queue) => [queue, view.beginLook(queue)]));
    try {
      const copied = await reads.copyOut(`select ${columns} from ${claims(nodeId)}`);
      const rows: ClaimedRow[] = [];
      for (const one of copied) {
        const row = claimedRow(one);
        if ("id" in row) rows.push(row);
        else {
          const look = looks.get(row.queue);
          if (look !== undefined) view.endLook(look, row.nextDue);
        }
      }
      return { rows, nodeId };
    } catch (error) {
      if (isEnded(error)) membership.ended(nodeId);
      throw new SpoolError("failed", `mail cannot be claimed: ${String(error)}`, { cause: error });
    } finally {
      for (const look of looks.values()) view.breakLook(look);
    }
  };

  const holdAll = async (rows: readonly ClaimedRow[], nodeId: number, now: number): Promise<HeldClaim[]> => {
    const held: HeldClaim[] = [];
    const damaged: Promise<void>[] = [];
    for (const row of rows) {
      const { id } = row;
      const queues = new Set([row.queue, ...row.others]);
      const read = row.record === null ? "the record is missing" : decodeMessage(id, row.record);
      if (typeof read === "string") {
        damaged.push(damage.message(id, read, queues));
        continue;
      }
      const entry = entryOf(read.message, row);
      if (typeof entry === "string") {
        damaged.push(damage.message(id, entry, queues));
        continue;
      }
      const live = lives.use({
        message: asOld(read.message, earlier),
        content: read.content,
        queues,
        isShared: queues.size > 1,
        claims: new Map(),
      });
      const was = row.state === null ? -1 : row.state.length;
      const of = { queue: row.queue, nodeId, entry, was, dueAt: row.dueAt, freshBytes: 0 };
      held.push(lives.hold(live, of, now));
    }
    await Promise.all(damaged);
    // It ended meanwhile: all are others'.
    if (membership.current?.nodeId === nodeId) return held;
    for (const claim of held) lives.end(claim);
    throw new SpoolError("failed", "this node was taken for dead meanwhile");
  };

  const some: Claiming["some"] = async (entries) => {
    if (entries.length === 0) return [];
    const queues = [...new Set(entries.map(({ queue }) => queue))];
    const ids = entries.map(({ id }) => id);
    const names = entries.map(({ queue }) => textValue(queue));
    const { rows, nodeId } = await ask(
      (me) => `${name("claim_some_2")}(${me}, array[${ids.join()}]::bigint[], array[${names.join()}])`,
      queues,
    );
    rows.sort((a, b) => a.id - b.id || (a.queue < b.queue ? -1 : 1));
    return holdAll(rows, nodeId, everyRecipient);
  };

  return {
    async due(queue, limit, now) {
      const { rows, nodeId } = await ask(
        (me) =>
          `${name("claim_due_3")}(${me}, ${textValue(queue)}, '${now}', ${limit}, '${view.dueFrom(queue)}')`,
        [queue],
      );
      rows.sort((a, b) => a.dueAt - b.dueAt || a.id - b.id);
      return holdAll(rows, nodeId, now);
    },
    some,
    async message(queue, id) {
      const [claim] = await some([{ id, queue }]);
      if (claim !== undefined) return claim;
      const [row] = await reads
        .query<{ owner: number | null }>(`select owner from ${name("entry")} where id = $1 and queue = $2`, [
          id,
          queue,
        ])
        .catch((error: unknown) => {
          throw new SpoolError("failed", `the message cannot be read: ${String(error)}`, { cause: error });
        });
      return row === undefined ? "missing" : "held";
    },
  };
}

const columns = "id, queue, due_at, state, record, others, next_due";

/** A claim, or, without an id, when what is left of a queue is due next. */
function claimedRow([id, queue, dueAt, state = null, record = null, others, next]: CopiedRow):
  | ClaimedRow
  | { readonly queue: QueueName; readonly nextDue: number | undefined } {
  const name = queue?.toString() ?? "";
  if (!id) return { queue: name, nextDue: next?.readDoubleBE() };
  return {
    id: Number(id.readBigInt64BE()),
    queue: name,
    dueAt: dueAt?.readDoubleBE() ?? 0,
    state,
    record,
    others: others ? (JSON.parse(others.toString()) as QueueName[]) : [],
  };
}

/** All there is in its queue, or a word on what is damaged. */
export function entryOf(
  message: SpooledMessage,
  { queue, state }: Pick<ClaimedRow, "queue" | "state">,
): PlacedRecipient[] | string {
  return state === null
    ? newRecipients(message.envelope.recipients.length, message.arrivedAt)
    : decodeEntry(state, queue);
}
