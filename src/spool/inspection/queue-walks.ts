/** Walks over whole queues, some records a turn. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { change } from "../flow/changes.ts";
import type { DueKey } from "../store/keys.ts";
import { isDamage, isHeld, loadMessage } from "../messages/live-message.ts";
import { dueRecipients, resubmittedRecipients } from "../messages/recipients.ts";
import {
  assertOpen,
  everyRecipient,
  hasEntry,
  isTaken,
  turnRecords,
  type SpoolState,
} from "../flow/spool-state.ts";
import { submissionQueue, suspendedDueAt, type QueueName } from "../spool.ts";
import type { ListedMessage, ListedPage, MessageSearch } from "../spool-inspection.ts";

const firstEntry: DueKey = { dueAt: 0, id: 0 };
const firstSuspended: DueKey = { dueAt: suspendedDueAt, id: 0 };

/** `Spool.resubmit`. */
export async function resubmit(spool: SpoolState, queue: QueueName, suspendedToo: boolean): Promise<number> {
  assertOpen(spool);
  const now = spool.clock.now();
  let count = 0;
  let after: DueKey = queue === submissionQueue ? { dueAt: now, id: Number.MAX_SAFE_INTEGER } : firstEntry;
  if ((spool.queues.find(queue)?.pending.size ?? 0) > 0) await spool.group.tried();
  for (;;) {
    const page = spool.queues.scan(queue, after, turnRecords);
    const moves = page.flatMap((entry) => resubmitEntry(spool, queue, entry, suspendedToo, now) ?? []);
    count += moves.length;
    await Promise.all(moves);
    const last = page.at(-1);
    if (last === undefined || page.length < turnRecords) return count;
    if (last.dueAt === suspendedDueAt && !suspendedToo) return count;
    after = last;
    await nextTurn();
  }
}

/** Moves the unheld entry of a message to the submission queue. */
function resubmitEntry(
  spool: SpoolState,
  queue: QueueName,
  entry: DueKey,
  suspendedToo: boolean,
  now: number,
): Promise<void> | undefined {
  if (isTaken(spool.memory, queue, entry) || (entry.dueAt === suspendedDueAt && !suspendedToo))
    return undefined;
  const live = spool.memory.lives.get(entry.id) ?? loadMessage(spool, entry.id);
  if (live === undefined || isDamage(live) || !hasEntry(live, queue, entry.dueAt)) return undefined;
  const moved = resubmittedRecipients(live.recipients, queue, suspendedToo, now);
  return moved && change(spool, live, moved, []);
}

/** `SpoolInspection.list`. */
export async function list(
  spool: SpoolState,
  queue: QueueName,
  limit: number,
  search: MessageSearch = {},
): Promise<ListedPage> {
  const { memory } = spool;
  const { only, fits, maxExamined = Number.POSITIVE_INFINITY } = search;
  assertOpen(spool);
  if ((spool.queues.find(queue)?.pending.size ?? 0) > 0) await spool.group.tried();
  const messages: ListedMessage[] = [];
  let examined = 0;
  let after = search.after ?? firstEntry;
  if (only === "suspended" && after.dueAt < suspendedDueAt) after = firstSuspended;
  while (!spool.closed) {
    const page = spool.queues.scan(queue, after, turnRecords);
    for (const { id, dueAt } of page) {
      if (only === "notSuspended" && dueAt === suspendedDueAt) return { messages, examined, next: undefined };
      if (messages.length >= limit || examined >= maxExamined) return { messages, examined, next: after };
      after = { id, dueAt };
      examined++;
      const live = memory.lives.get(id) ?? loadMessage(spool, id);
      if (live === undefined || isDamage(live) || !hasEntry(live, queue, dueAt)) continue;
      const recipients = dueRecipients(live.recipients, queue, everyRecipient);
      const listed = { message: live.message, recipients, dueAt, held: isHeld(live, queue) };
      if (fits === undefined || fits(listed)) messages.push(listed);
    }
    if (page.length < turnRecords) break;
    await nextTurn();
  }
  return { messages, examined, next: undefined };
}
