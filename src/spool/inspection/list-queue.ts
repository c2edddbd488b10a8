/** `SpoolInspection.list`. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { hasEntry, isHeld } from "../messages/live-message.ts";
import { turnRecords, type MessagesInUse } from "../messages/messages-in-use.ts";
import { dueRecipients, everyRecipient } from "../messages/recipients.ts";
import { firstEntry, type QueueTable } from "../queues/queue-table.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import { suspendedDueAt, type QueueName } from "../spool.ts";
import type { ListedMessage, ListedPage, MessageSearch } from "../spool-inspection.ts";

const firstSuspended = { dueAt: suspendedDueAt, id: 0 };

export async function listQueue(
  parts: { readonly messages: MessagesInUse; readonly queues: QueueTable; readonly group: GroupCommit },
  queue: QueueName,
  limit: number,
  search: MessageSearch = {},
): Promise<ListedPage> {
  const { messages, queues, group } = parts;
  const { only, fits, maxExamined = Number.POSITIVE_INFINITY } = search;
  if (queues.isBeingWritten(queue)) await group.tried();
  const found: ListedMessage[] = [];
  let examined = 0;
  let after = search.after ?? firstEntry;
  if (only === "suspended" && after.dueAt < suspendedDueAt) after = firstSuspended;
  while (!group.closed) {
    const page = queues.scan(queue, after, turnRecords);
    for (const { id, dueAt } of page) {
      if (only === "notSuspended" && dueAt === suspendedDueAt)
        return { messages: found, examined, next: undefined };
      if (found.length >= limit || examined >= maxExamined) return { messages: found, examined, next: after };
      after = { id, dueAt };
      examined++;
      const live = messages.findWhole(id);
      if (live === undefined || !hasEntry(live, queue, dueAt)) continue;
      const recipients = dueRecipients(live.recipients, queue, everyRecipient);
      const listed = { message: live.message, recipients, dueAt, held: isHeld(live, queue) };
      if (fits === undefined || fits(listed)) found.push(listed);
    }
    if (page.length < turnRecords) break;
    await nextTurn();
  }
  return { messages: found, examined, next: undefined };
}
