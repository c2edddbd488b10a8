/** `SpoolInspection.countDeferred`. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { QueueTable } from "../queues/queue-table.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import type { DueKey } from "../store/keys.ts";
import { suspendedDueAt, type QueueName } from "../spool.ts";
import { maxCounted } from "../spool-inspection.ts";

const keysAtOnce = 1000;

export async function countDeferred(
  { queues, group }: { readonly queues: QueueTable; readonly group: GroupCommit },
  queue: QueueName,
  now: number,
): Promise<number> {
  let count = 0;
  let after: DueKey = { dueAt: now, id: Number.MAX_SAFE_INTEGER };
  while (count < maxCounted && !group.closed) {
    const page = queues.scan(queue, after, Math.min(keysAtOnce, maxCounted - count));
    for (const entry of page) {
      if (entry.dueAt === suspendedDueAt) return count;
      count++;
      after = entry;
    }
    if (page.length < keysAtOnce) break;
    await nextTurn();
  }
  return count;
}
