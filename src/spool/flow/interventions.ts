/** What an administrator changes of waiting mail, without claiming it. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import { hasEntry, isHeld } from "../messages/live-message.ts";
import { turnRecords, type MessagesInUse } from "../messages/messages-in-use.ts";
import { resubmittedRecipients, suspendedRecipients } from "../messages/recipients.ts";
import { firstEntry, type QueueTable } from "../queues/queue-table.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import type { DueKey } from "../store/keys.ts";
import type { Change } from "./changes.ts";
import { suspendedDueAt, type QueueName, type Suspension } from "../spool.ts";

export interface Interventions {
  /** `Spool.resubmit`. */
  resubmit(queue: QueueName, suspendedToo: boolean, to: QueueName): Promise<number>;
  /** `Spool.suspend`. */
  suspend(queue: QueueName, id: MessageId, suspended: boolean): Promise<Suspension>;
}

export function createInterventions(parts: {
  readonly clock: Clock;
  readonly messages: MessagesInUse;
  readonly queues: QueueTable;
  readonly group: GroupCommit;
  readonly change: Change;
}): Interventions {
  const { clock, messages, queues, group, change } = parts;

  /** Moves the unheld entry of a message. */
  const resubmitEntry = (
    queue: QueueName,
    entry: DueKey,
    suspendedToo: boolean,
    now: number,
    to: QueueName,
  ): Promise<void> | undefined => {
    if (messages.isTaken(queue, entry) || (entry.dueAt === suspendedDueAt && !suspendedToo)) return undefined;
    const live = messages.findWhole(entry.id);
    if (live === undefined || !hasEntry(live, queue, entry.dueAt)) return undefined;
    const moved = resubmittedRecipients(live.recipients, queue, suspendedToo, now, to);
    return moved && change(live, moved);
  };

  return {
    async resubmit(queue, suspendedToo, to) {
      const now = clock.now();
      let count = 0;
      let after = queue === to ? { dueAt: now, id: Number.MAX_SAFE_INTEGER } : firstEntry;
      if (queues.isBeingWritten(queue)) await group.tried();
      while (!group.closed) {
        const page = queues.scan(queue, after, turnRecords);
        const moves = page.flatMap((entry) => resubmitEntry(queue, entry, suspendedToo, now, to) ?? []);
        count += moves.length;
        await Promise.all(moves);
        const last = page.at(-1);
        if (last === undefined || page.length < turnRecords) break;
        if (last.dueAt === suspendedDueAt && !suspendedToo) break;
        after = last;
        await nextTurn();
      }
      return count;
    },
    async suspend(queue, id, suspended) {
      const live = messages.findWhole(id);
      if (!live?.entries.some((entry) => entry.queue === queue)) return "missing";
      if (isHeld(live, queue)) return "held";
      const recipients = suspendedRecipients(live.recipients, queue, suspended, clock.now());
      if (recipients === undefined) return "unchanged";
      await change(live, recipients);
      return "changed";
    },
  };
}
