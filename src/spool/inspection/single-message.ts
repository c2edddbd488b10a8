/** One message by its id: seen, or suspended, without claiming it. */
import type { MessageId } from "../../core/message/envelope.ts";
import { change } from "../flow/changes.ts";
import { contentReader, isDamage, isHeld, loadMessage, type LiveMessage } from "../messages/live-message.ts";
import { dueRecipients, suspendedRecipients } from "../messages/recipients.ts";
import { assertOpen, everyRecipient, type SpoolState } from "../flow/spool-state.ts";
import type { QueueName, Suspension } from "../spool.ts";
import type { FoundMessage } from "../spool-inspection.ts";

/** `SpoolInspection.find`. */
export function find(spool: SpoolState, id: MessageId): FoundMessage | undefined {
  assertOpen(spool);
  const live = usable(spool, id);
  if (live === undefined || live.entries.length === 0) return undefined;
  const { message } = live;
  const places = live.entries.map(({ queue, dueAt }) => ({
    message,
    queue,
    dueAt,
    held: isHeld(live, queue),
    recipients: dueRecipients(live.recipients, queue, everyRecipient),
  }));
  return { message, content: contentReader(live, spool.bodies), places };
}

/** `Spool.suspend`. */
export async function suspend(
  spool: SpoolState,
  queue: QueueName,
  id: MessageId,
  suspended: boolean,
): Promise<Suspension> {
  assertOpen(spool);
  const live = usable(spool, id);
  if (live === undefined || !live.entries.some((entry) => entry.queue === queue)) return "missing";
  if (isHeld(live, queue)) return "held";
  const recipients = suspendedRecipients(live.recipients, queue, suspended, spool.clock.now());
  if (recipients === undefined) return "unchanged";
  await change(spool, live, recipients, []);
  return "changed";
}

/** Neither damaged nor on its way in or out. */
function usable(spool: SpoolState, id: MessageId): LiveMessage | undefined {
  const { memory } = spool;
  if (memory.comingIn.has(id) || memory.damaged.has(id)) return undefined;
  const live = memory.lives.get(id) ?? loadMessage(spool, id);
  return live === undefined || isDamage(live) || live.gone ? undefined : live;
}
