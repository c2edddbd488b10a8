/** What people ask of the spool: `SpoolInspection`, of all nodes. Reads only. */
import type { MessageId } from "../../core/message/envelope.ts";
import { dueRecipients, everyRecipient } from "../../spool/messages/recipients.ts";
import { drawnAt } from "../../spool/messages/message-ids.ts";
import { decodeMessage, decodeMessageHeader } from "../../spool/messages/record.ts";
import { SpoolError, type ContentReader, type QueueName, type SpooledMessage } from "../../spool/spool.ts";
import {
  maxCounted,
  oldestOf,
  type ListedMessage,
  type ListPlace,
  type SpoolInspection,
} from "../../spool/spool-inspection.ts";
import type { Database } from "../database/database.ts";
import { asOld, entryOf, type Earlier } from "./claiming.ts";
import type { CommitGroup } from "./commit-group.ts";
import type { KeptContent } from "./live-messages.ts";

interface EntryRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly queue: QueueName;
  readonly due: number;
  readonly held: boolean;
  readonly state: Buffer | null;
}

const leastAtOnce = 64;
const mostAtOnce = 1024;
/** Suspended ones are due later. */
const never = 1.7e308;

/** Of what came into a held entry meanwhile, too. */
const shownDue = "least(e.due_at, coalesce(e.merged_due, 'Infinity'))";
/** The record without its content (record.ts): twelve octets and a header whose length is in the last four of them. */
const head = `substring(m.record from 1 for 12 + ('x' || encode(substring(m.record from 9 for 4), 'hex'))::bit(32)::int)`;

export function createInspection(parts: {
  readonly database: Pick<Database, "inspection" | "name">;
  readonly group: CommitGroup;
  readonly earlier: Earlier;
  readonly readerOf: (message: SpooledMessage, content: KeptContent) => ContentReader;
}): SpoolInspection {
  const { database, group, earlier, readerOf } = parts;
  const [entry, message] = [database.name("entry"), database.name("message")];

  const ask = async <Row extends Record<string, unknown>>(
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> => {
    try {
      return await database.inspection.query<Row>(text, values);
    } catch (error) {
      throw new SpoolError("failed", `the spool cannot be read: ${String(error)}`, { cause: error });
    }
  };

  const listed = (read: SpooledMessage, { queue, due, held, state }: EntryRow): ListedMessage | undefined => {
    const all = entryOf(read, { queue, state });
    if (typeof all === "string") return undefined;
    const recipients = dueRecipients(all, queue, everyRecipient);
    return { message: asOld(read, earlier), recipients, dueAt: due, held };
  };

  /**
   * Those that nobody holds come out of the index of what is due; those that are held stand in none, and are found by going
   * through the table without their records, for which so many are asked for at once.
   */
  const page = (
    queue: QueueName,
    { dueAt, id }: ListPlace,
    least: number,
    most: number,
    atOnce: number,
  ): Promise<(EntryRow & { record: Buffer | null })[]> =>
    ask(
      `with waiting as (
          select e.id, e.queue, e.due_at as due, false as held, e.state from ${entry} e
            where e.queue = $1 and e.owner is null and (e.due_at, e.id) > ($2::float8, $3::bigint)
              and e.due_at >= $4 and e.due_at <= $5
            order by e.due_at, e.id limit $6
        ), held as (
          select * from (
            select e.id, e.queue, ${shownDue} as due, true as held, e.state from ${entry} e
              where e.queue = $1 and e.owner is not null
          ) h where (due, id) > ($2::float8, $3::bigint) and due >= $4 and due <= $5
            order by due, id limit $6
        ), listed as (
          select * from (select * from waiting union all select * from held) both_kinds
            order by due, id limit $6
        )
        select l.*, ${head} as record from listed l left join ${message} m on m.id = l.id order by l.due, l.id`,
      [queue, dueAt, id, least, most, atOnce],
    );

  return {
    async list(queue, limit, { after, only, fits, maxExamined = Number.POSITIVE_INFINITY } = {}) {
      if (group.touches(queue)) await group.tried();
      const least = only === "suspended" ? never : 0;
      const most = only === "notSuspended" ? never : Number.MAX_VALUE;
      const found: ListedMessage[] = [];
      let examined = 0;
      let at = after;
      let atOnce = leastAtOnce;
      for (;;) {
        const rows = await page(queue, at ?? { dueAt: -1, id: 0 }, least, most, atOnce);
        for (const row of rows) {
          if (found.length >= limit || examined >= maxExamined)
            return { messages: found, examined, next: at ?? { dueAt: 0, id: 0 } };
          const id = Number(row.id);
          at = { dueAt: row.due, id };
          examined++;
          const read = row.record === null ? undefined : decodeMessageHeader(id, row.record);
          const one = read && listed(read, row);
          if (one !== undefined && (fits === undefined || fits(one))) found.push(one);
        }
        if (rows.length < atOnce) return { messages: found, examined, next: undefined };
        atOnce = Math.min(mostAtOnce, atOnce * 4);
      }
    },
    async find(id: MessageId) {
      await group.tried();
      const [row] = await ask<{ record: Buffer }>(`select record from ${message} where id = $1`, [id]);
      const read = row && decodeMessage(id, row.record);
      if (read === undefined || typeof read === "string") return undefined;
      const rows = await ask<EntryRow>(
        `select e.id, e.queue, ${shownDue} as due, e.owner is not null as held, e.state
          from ${entry} e where e.id = $1 order by e.queue`,
        [id],
      );
      const places = rows.flatMap((one) => {
        const place = listed(read.message, one);
        return place === undefined ? [] : [{ ...place, queue: one.queue }];
      });
      if (places.length === 0) return undefined;
      const shown = asOld(read.message, earlier);
      return { message: shown, content: readerOf(shown, read.content), places };
    },
    async countDeferred(queue, now) {
      if (group.touches(queue)) await group.tried();
      const [row] = await ask<{ count: string }>(
        `select count(*) from (
            select 1 from ${entry} e where e.queue = $1 and ${shownDue} > $2 and ${shownDue} < ${never}
              limit ${maxCounted}
          ) deferred`,
        [queue, now],
      );
      return Number(row?.count ?? 0);
    },
    async oldestSince(queue) {
      if (queue === undefined ? group.unseen().length > 0 : group.touches(queue)) await group.tried();
      const [row] =
        queue === undefined
          ? await ask<{ id: string | null }>(`select min(id) as id from ${message}`, [])
          : await ask<{ id: string | null }>(
              `select min(id) as id from (
                  select e.id from ${entry} e where e.queue = $1 order by ${shownDue}, e.id limit ${oldestOf}
                ) oldest`,
              [queue],
            );
      return row === undefined || row.id === null ? undefined : drawnAt(Number(row.id));
    },
  };
}
