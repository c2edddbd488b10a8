/** Damaged messages go out of the way of all others. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { BodyFiles } from "../bodies/body-file.ts";
import type { SpoolPlace } from "../lock/spool-place.ts";
import { setRemainsAside } from "../messages/damaged-messages.ts";
import type { LiveClaim } from "../messages/live-message.ts";
import type { MessagesInUse } from "../messages/messages-in-use.ts";
import type { QueueEntry } from "../messages/recipients.ts";
import type { QueueTable } from "../queues/queue-table.ts";
import { removeEntry } from "../queues/queue-writes.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import type { Store } from "../store/journaled-store.ts";
import { messageKey, queueKey, type DueKey } from "../store/keys.ts";
import type { Claims } from "./claims.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { SpoolError, type QueueName, type Spool } from "../spool.ts";

export interface SetAside {
  /** `Spool.onDamaged`. */
  listen(onDamaged: Parameters<Spool["onDamaged"]>[0]): void;
  /** `Spool.setAside`. */
  claim(claim: LiveClaim, what: string): Promise<void>;
  /** Takes a message out of the way at once, saves what is left of it, then removes it. */
  message(id: MessageId, what: string, entries: readonly QueueEntry[]): Promise<void>;
  /** An entry whose message is not there: left by a message set aside whose state could not be read. */
  dangling(queue: QueueName, entry: DueKey): Promise<void>;
}

export function createSetAside(parts: {
  readonly directory: string;
  readonly place: SpoolPlace;
  readonly bodies: BodyFiles;
  readonly store: Store;
  readonly messages: MessagesInUse;
  readonly queues: QueueTable;
  readonly group: GroupCommit;
  readonly kept: KeptMessages;
  readonly claims: Claims;
  readonly onFault: (fault: SpoolError) => void;
}): SetAside {
  const { directory, place, bodies, messages, queues, group, kept, claims, onFault } = parts;
  const { tables } = parts.store;
  let onDamaged: Parameters<Spool["onDamaged"]>[0] | undefined;

  const message: SetAside["message"] = async (id, what, entries) => {
    messages.beginAside(id);
    const key = messageKey(id);
    const record = tables.messages.getBinary(key);
    const state = tables.state.getBinary(key);
    let path: string | undefined;
    try {
      const misplaced = await place.look();
      if (misplaced !== undefined) throw new Error(misplaced);
      path = await setRemainsAside(directory, bodies, { id, what, record, state });
    } catch (error) {
      const told = `message ${id} cannot be set aside: ${String(error)}`;
      onFault(new SpoolError("failed", told, { cause: error }));
    }
    if (path !== undefined) {
      for (const { queue, dueAt } of entries) {
        queues.find(queue)?.remove({ dueAt, id });
        queues.count(queue, -1);
      }
      if (record !== undefined) kept.removed(id);
      await group.lasting(id, [
        { table: "messages", key, value: undefined },
        { table: "state", key, value: undefined },
        ...entries.map(({ queue, dueAt }) => removeEntry(queue, dueAt, id)),
      ]);
      messages.isAside(id);
    }
    onDamaged?.({ id, what, setAside: path });
  };

  return {
    listen(listener) {
      onDamaged = listener;
    },
    message,
    async claim({ live, ended }, what) {
      if (live.gone || ended) return;
      live.gone = true;
      for (const held of live.claims.slice()) claims.end(held);
      await message(live.message.id, what, live.entries);
      messages.letGo(live);
    },
    async dangling(queue, { id, dueAt }) {
      if (!tables.queue.doesExist(queueKey(queue, dueAt, id))) return;
      queues.count(queue, -1);
      await group.lasting(id, [removeEntry(queue, dueAt, id)]);
    },
  };
}
