/**
 * Keys of the LMDB tables, ordered as octets. Numbers stand as big-endian doubles: for numbers that are not
 * negative their octets sort as they do, and any `Clock` instant comes back exactly.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { QueueName } from "../spool.ts";

const numberBytes = 8;
const maxQueueNameBytes = 1024;

export interface DueKey {
  readonly dueAt: number;
  readonly id: MessageId;
}

export function messageKey(id: MessageId): Buffer {
  const key = Buffer.allocUnsafe(numberBytes);
  key.writeDoubleBE(id);
  return key;
}

export function messageIdOf(key: Uint8Array): MessageId {
  return viewOf(key).getFloat64(0);
}

/** Throws a RangeError for a name that is too long or holds a NUL: a bug of whoever names queues. */
export function assertQueueName(queue: QueueName): void {
  if (queue.includes("\0") || Buffer.byteLength(queue) > maxQueueNameBytes)
    throw new RangeError(`not a queue name: ${JSON.stringify(queue.slice(0, 100))}`);
}

/** The name, NUL, the due time, the id: a queue's entries stand together, earliest due first. */
export function queueKey(queue: QueueName, dueAt: number, id: MessageId): Buffer {
  const nameBytes = queue === "" ? 0 : Buffer.byteLength(queue);
  const key = Buffer.allocUnsafe(nameBytes + 1 + 2 * numberBytes);
  if (nameBytes > 0) key.write(queue, 0);
  key[nameBytes] = 0;
  key.writeDoubleBE(dueAt, nameBytes + 1);
  key.writeDoubleBE(id, nameBytes + 1 + numberBytes);
  return key;
}

/** The first key behind all entries of a queue. */
export function queueEnd(queue: QueueName): Buffer {
  const name = Buffer.from(queue);
  return Buffer.concat([name, Buffer.of(1)]);
}

export function queueNameOf(key: Uint8Array): QueueName {
  return Buffer.from(key.buffer, key.byteOffset, key.length - 1 - 2 * numberBytes).toString();
}

export function dueKeyOf(key: Uint8Array): DueKey {
  const view = viewOf(key);
  return {
    dueAt: view.getFloat64(key.length - 2 * numberBytes),
    id: view.getFloat64(key.length - numberBytes),
  };
}

function viewOf(key: Uint8Array): DataView {
  return new DataView(key.buffer, key.byteOffset, key.length);
}
