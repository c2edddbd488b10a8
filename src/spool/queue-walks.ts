/** Walks over whole queues, some records a turn. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { change } from "./changes.ts";
import type { DueKey } from "./keys.ts";
import { isDamage, loadMessage } from "./live-message.ts";
import { dueRecipients } from "./recipients.ts";
import {
  assertOpen,
  everyRecipient,
  hasEntry,
  isTaken,
  turnRecords,
  type SpoolState,
} from "./spool-state.ts";
import { submissionQueue, type ListedMessage, type MessageSearch, type QueueName } from "./spool.ts";

const firstEntry: DueKey = { dueAt: 0, id: 0 };

/** `Spool.resubmit`. */
export async function resubmit(spool: SpoolState, queue: QueueName): Promise<number> {
  assertOpen(spool);
  const now = spool.clock.now();
  let count = 0;
  let after: DueKey = queue === submissionQueue ? { dueAt: now, id: Number.MAX_SAFE_INTEGER } : firstEntry;
  if ((spool.queues.find(queue)?.pending.size ?? 0) > 0) await spool.group.tried();
  for (;;) {
    const page = spool.queues.scan(queue, after, turnRecords);
    const moves = page.flatMap((entry) => resubmitEntry(spool, queue, entry, now) ?? []);
    count += moves.length;
    await Promise.all(moves);
    after = page.at(-1) ?? after;
    if (page.length < turnRecords) return count;
    await nextTurn();
  }
}

/** Moves the unheld entry of a message to the submission queue. */
function resubmitEntry(
  spool: SpoolState,
  queue: QueueName,
  entry: DueKey,
  now: number,
): Promise<void> | undefined {
  if (isTaken(spool.memory, queue, entry)) return undefined;
  const live = spool.memory.lives.get(entry.id) ?? loadMessage(spool.store, entry.id);
  if (live === undefined || isDamage(live) || !hasEntry(live, queue, entry.dueAt)) return undefined;
  const moved = live.recipients.map((recipient) =>
    recipient.queue === queue ? { ...recipient, queue: submissionQueue, dueAt: now } : recipient,
  );
  return change(spool, live, moved, []);
}

/** `Spool.list`. */
export async function list(
  spool: SpoolState,
  queue: QueueName,
  limit: number,
  search?: MessageSearch,
): Promise<readonly ListedMessage[]> {
  const { memory } = spool;
  assertOpen(spool);
  if ((spool.queues.find(queue)?.pending.size ?? 0) > 0) await spool.group.tried();
  const found: ListedMessage[] = [];
  let toExamine = search?.maxExamined ?? Number.POSITIVE_INFINITY;
  let after = firstEntry;
  while (found.length < limit && toExamine > 0 && !spool.closed) {
    const page = spool.queues.scan(queue, after, turnRecords);
    for (const { id, dueAt } of page) {
      if (toExamine-- <= 0) break;
      const live = memory.lives.get(id) ?? loadMessage(spool.store, id);
      if (live === undefined || isDamage(live) || !hasEntry(live, queue, dueAt)) continue;
      const recipients = dueRecipients(live.recipients, queue, everyRecipient);
      const listed = { message: live.message, recipients, dueAt };
      if (search === undefined || search.fits(listed)) found.push(listed);
      if (found.length === limit) break;
    }
    after = page.at(-1) ?? after;
    if (page.length < turnRecords) break;
    await nextTurn();
  }
  return found;
}
