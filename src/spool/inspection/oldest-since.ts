/** `SpoolInspection.oldestSince`. */
import { drawnAt } from "../messages/message-ids.ts";
import { firstEntry, type QueueTable } from "../queues/queue-table.ts";
import type { Store } from "../store/journaled-store.ts";
import { messageIdOf, messageKey } from "../store/keys.ts";
import type { QueueName } from "../spool.ts";
import { oldestOf } from "../spool-inspection.ts";

export function oldestSince(
  { store, queues }: { readonly store: Store; readonly queues: QueueTable },
  queue?: QueueName,
): number | undefined {
  if (queue !== undefined) {
    const ids = queues.scan(queue, firstEntry, oldestOf).map(({ id }) => id);
    return ids.length === 0 ? undefined : drawnAt(Math.min(...ids));
  }
  const [first] = store.tables.messages.getKeys({ start: messageKey(0), limit: 1 });
  return first === undefined ? undefined : drawnAt(messageIdOf(first));
}
