/** `SpoolInspection.find`. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { BodyFiles } from "../bodies/body-file.ts";
import { contentReader, isHeld } from "../messages/live-message.ts";
import type { MessagesInUse } from "../messages/messages-in-use.ts";
import { dueRecipients, everyRecipient } from "../messages/recipients.ts";
import type { FoundMessage } from "../spool-inspection.ts";

export function findMessage(
  { messages, bodies }: { readonly messages: MessagesInUse; readonly bodies: BodyFiles },
  id: MessageId,
): FoundMessage | undefined {
  const live = messages.findWhole(id);
  if (live === undefined || live.entries.length === 0) return undefined;
  const { message } = live;
  const places = live.entries.map(({ queue, dueAt }) => ({
    message,
    queue,
    dueAt,
    held: isHeld(live, queue),
    recipients: dueRecipients(live.recipients, queue, everyRecipient),
  }));
  return { message, content: contentReader(live, bodies), places };
}
