/** `SpoolInspection.countDeferred`. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DueKey } from "../store/keys.ts";
import { assertOpen, type SpoolState } from "../flow/spool-state.ts";
import { suspendedDueAt, type QueueName } from "../spool.ts";
import { maxCounted } from "../spool-inspection.ts";

const keysAtOnce = 1000;

export async function countDeferred(spool: SpoolState, queue: QueueName, now: number): Promise<number> {
  assertOpen(spool);
  let count = 0;
  let after: DueKey = { dueAt: now, id: Number.MAX_SAFE_INTEGER };
  while (count < maxCounted && !spool.closed) {
    const page = spool.queues.scan(queue, after, Math.min(keysAtOnce, maxCounted - count));
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
