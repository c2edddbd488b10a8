/** What a commit writes of a queue's entries: the key says all. */
import type { MessageId } from "../../core/message/envelope.ts";
import { queueKey } from "../store/keys.ts";
import type { Write } from "../store/store.ts";
import type { QueueName } from "../spool.ts";

const noValue = Buffer.alloc(0);

export function addEntry(queue: QueueName, dueAt: number, id: MessageId): Write {
  return { table: "queue", key: queueKey(queue, dueAt, id), value: noValue, isNew: true };
}

export function removeEntry(queue: QueueName, dueAt: number, id: MessageId): Write {
  return { table: "queue", key: queueKey(queue, dueAt, id), value: undefined };
}
