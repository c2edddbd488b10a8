/** Damaged messages go out of the way of all others. */
import type { MessageId } from "../../core/message/envelope.ts";
import { setRemainsAside } from "../messages/damaged-messages.ts";
import { messageKey, queueKey, type DueKey } from "../store/keys.ts";
import type { LiveClaim } from "../messages/live-message.ts";
import type { Write } from "../store/store.ts";
import type { QueueEntry } from "../messages/recipients.ts";
import { endClaim, letGo, tellSettled, type SpoolState } from "./spool-state.ts";
import { SpoolError, type Claim, type QueueName } from "../spool.ts";

/** `Spool.setAside`. */
export async function setClaimAside(spool: SpoolState, claim: Claim, what: string): Promise<void> {
  const { live, ended } = claim as LiveClaim;
  if (live.gone || ended) return;
  live.gone = true;
  for (const held of live.claims.slice()) endClaim(spool, held);
  await setAside(spool, live.message.id, what, live.entries);
  letGo(spool, live);
}

/** Takes a message out of the way at once, saves what is left of it, then removes it. */
export async function setAside(
  spool: SpoolState,
  id: MessageId,
  what: string,
  entries: readonly QueueEntry[],
) {
  spool.memory.damaged.add(id);
  const key = messageKey(id);
  const record = spool.store.tables.messages.getBinary(key);
  const stateRecord = spool.store.tables.state.getBinary(key);
  let path: string | undefined;
  try {
    const misplaced = await spool.place.look();
    if (misplaced !== undefined) throw new Error(misplaced);
    path = await setRemainsAside(spool.directory, spool.bodies, { id, what, record, state: stateRecord });
  } catch (error) {
    spool.onFault(
      new SpoolError("failed", `message ${id} cannot be set aside: ${String(error)}`, { cause: error }),
    );
  }
  if (path !== undefined) {
    const writes: Write[] = [
      { table: "messages", key, value: undefined },
      { table: "state", key, value: undefined },
      ...entries.map(({ queue, dueAt }) => ({
        table: "queue" as const,
        key: queueKey(queue, dueAt, id),
        value: undefined,
      })),
    ];
    if (record !== undefined) spool.size--;
    for (const { queue } of entries) spool.queues.count(queue, -1);
    tellSettled(spool, id);
    await spool.group.lasting(id, writes);
    spool.memory.damaged.delete(id);
  }
  spool.onDamaged?.({ id, what, setAside: path });
}

/** An entry whose message is not there: left by a message set aside whose state could not be read. */
export async function removeDangling(spool: SpoolState, queue: QueueName, { id, dueAt }: DueKey) {
  const key = queueKey(queue, dueAt, id);
  if (!spool.store.tables.queue.doesExist(key)) return;
  spool.queues.count(queue, -1);
  await spool.group.lasting(id, [{ table: "queue", key, value: undefined }]);
}
