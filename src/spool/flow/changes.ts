/** How messages change: recipients finish, move or wait; in memory at once, on disk with the next commit. */
import type { BodyFiles } from "../bodies/body-file.ts";
import type { LiveMessage } from "../messages/live-message.ts";
import type { MessagesInUse } from "../messages/messages-in-use.ts";
import { entriesOf, type PlacedRecipient } from "../messages/recipients.ts";
import { encodeState } from "../messages/record.ts";
import type { QueueTable } from "../queues/queue-table.ts";
import { addEntry, removeEntry } from "../queues/queue-writes.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import { messageKey } from "../store/keys.ts";
import type { Write } from "../store/store.ts";
import type { Claims } from "./claims.ts";
import type { KeptMessages } from "./kept-messages.ts";

/**
 * Gives a message other unfinished recipients, in memory at once and on disk with the next commit, together
 * with `extra` writes. No recipients left: the message goes. Resolves when that is durable.
 */
export type Change = (
  live: LiveMessage,
  recipients: readonly PlacedRecipient[],
  extra?: readonly Write[],
) => Promise<void>;

export function createChange(parts: {
  readonly messages: MessagesInUse;
  readonly queues: QueueTable;
  readonly group: GroupCommit;
  readonly bodies: BodyFiles;
  readonly kept: KeptMessages;
  readonly claims: Claims;
}): Change {
  const { messages, queues, group, bodies, kept, claims } = parts;

  /** A change is durable. */
  const changed = (live: LiveMessage): void => {
    const { id } = live.message;
    live.unwritten--;
    for (const entry of live.entries) {
      const due = queues.find(entry.queue);
      if (due?.pending.get(id) !== entry.dueAt) continue;
      due.pending.delete(id);
      claims.makeClaimable(live, entry);
    }
    if (live.entries.length === 0 && !Buffer.isBuffer(live.content)) bodies.remove(id).catch(() => undefined);
    messages.letGo(live);
  };

  return (live, recipients, extra = []) => {
    const { id } = live.message;
    const writes: Write[] = [...extra];
    const before = live.entries;
    const entries = recipients.length === 0 ? [] : entriesOf(recipients);
    for (const { queue, dueAt } of before) {
      if (entries.some((entry) => entry.queue === queue && entry.dueAt === dueAt)) continue;
      writes.push(removeEntry(queue, dueAt, id));
      const due = queues.find(queue);
      due?.pending.delete(id);
      due?.remove({ dueAt, id });
      if (!entries.some((entry) => entry.queue === queue)) queues.count(queue, -1);
    }
    for (const { queue, dueAt } of entries) {
      if (before.some((entry) => entry.queue === queue && entry.dueAt === dueAt)) continue;
      writes.push(addEntry(queue, dueAt, id));
      if (!before.some((entry) => entry.queue === queue)) queues.count(queue, 1);
      const due = queues.findOrAdd(queue);
      due.forget(id);
      due.pending.set(id, dueAt);
    }
    live.recipients = recipients;
    live.entries = entries;
    const key = messageKey(id);
    if (entries.length > 0) {
      writes.push({ table: "state", key, value: encodeState(recipients), isNew: !live.hasState });
      live.hasState = true;
    } else {
      writes.push({ table: "messages", key, value: undefined });
      if (live.hasState) writes.push({ table: "state", key, value: undefined });
      kept.removed(id);
    }
    live.unwritten++;
    messages.use(live);
    return group.lasting(id, writes).then(() => changed(live));
  };
}
