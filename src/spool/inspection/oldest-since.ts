/** `SpoolInspection.oldestSince`. */
import { messageIdOf, messageKey } from "../store/keys.ts";
import { drawnAt } from "../messages/message-ids.ts";
import type { SpoolState } from "../flow/spool-state.ts";
import type { QueueName } from "../spool.ts";
import { oldestOf } from "../spool-inspection.ts";

export function oldestSince({ store, queues }: SpoolState, queue?: QueueName): number | undefined {
  if (queue !== undefined) {
    const ids = queues.scan(queue, { dueAt: 0, id: 0 }, oldestOf).map(({ id }) => id);
    return ids.length === 0 ? undefined : drawnAt(Math.min(...ids));
  }
  const [first] = store.tables.messages.getKeys({ start: messageKey(0), limit: 1 });
  return first === undefined ? undefined : drawnAt(messageIdOf(first));
}
