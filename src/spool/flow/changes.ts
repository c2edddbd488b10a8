/** How messages change: recipients finish, move or wait; in memory at once, on disk with the next commit. */
import { emptyValue } from "./arrivals.ts";
import { messageKey, queueKey } from "../store/keys.ts";
import type { LiveMessage } from "../messages/live-message.ts";
import type { Write } from "../store/store.ts";
import { entriesOf, type PlacedRecipient } from "../messages/recipients.ts";
import { encodeState } from "../messages/record.ts";
import { letGo, makeClaimable, tellSettled, type SpoolState } from "./spool-state.ts";

/**
 * Gives a message other unfinished recipients, in memory at once and on disk with the next commit, together
 * with `extra` writes. No recipients left: the message goes.
 */
export function change(
  spool: SpoolState,
  live: LiveMessage,
  recipients: readonly PlacedRecipient[],
  extra: readonly Write[],
) {
  const { id } = live.message;
  const writes: Write[] = [...extra];
  const before = live.entries;
  const entries = recipients.length === 0 ? [] : entriesOf(recipients);
  for (const { queue, dueAt } of before) {
    if (entries.some((entry) => entry.queue === queue && entry.dueAt === dueAt)) continue;
    writes.push({ table: "queue", key: queueKey(queue, dueAt, id), value: undefined });
    const due = spool.queues.find(queue);
    due?.pending.delete(id);
    due?.remove({ dueAt, id });
    if (!entries.some((entry) => entry.queue === queue)) spool.queues.count(queue, -1);
  }
  for (const { queue, dueAt } of entries) {
    if (before.some((entry) => entry.queue === queue && entry.dueAt === dueAt)) continue;
    writes.push({ table: "queue", key: queueKey(queue, dueAt, id), value: emptyValue, isNew: true });
    if (!before.some((entry) => entry.queue === queue)) spool.queues.count(queue, 1);
    const due = spool.queues.findOrAdd(queue);
    due.forget(id);
    due.pending.set(id, dueAt);
  }
  live.recipients = recipients;
  live.entries = entries;
  if (entries.length > 0) {
    writes.push({
      table: "state",
      key: messageKey(id),
      value: encodeState(recipients),
      isNew: !live.hasState,
    });
    live.hasState = true;
  } else {
    writes.push({ table: "messages", key: messageKey(id), value: undefined });
    if (live.hasState) writes.push({ table: "state", key: messageKey(id), value: undefined });
    spool.size--;
    tellSettled(spool, id);
  }
  live.unwritten++;
  spool.memory.lives.set(id, live);
  return spool.group.lasting(id, writes).then(() => changed(spool, live));
}

/** A change is durable. */
function changed(spool: SpoolState, live: LiveMessage) {
  const { id } = live.message;
  live.unwritten--;
  for (const entry of live.entries) {
    const due = spool.queues.find(entry.queue);
    if (due?.pending.get(id) !== entry.dueAt) continue;
    due.pending.delete(id);
    makeClaimable(spool, live, entry);
  }
  if (live.entries.length === 0 && !Buffer.isBuffer(live.content))
    spool.bodies.remove(id).catch(() => undefined);
  letGo(spool, live);
}
