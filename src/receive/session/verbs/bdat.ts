/** BDAT (RFC 3030 §2): content in counted chunks. A refused chunk is read to its end before the reply. */
import type { Command } from "../../../core/smtp/command.ts";
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function bdat(session: Conversation, command: Extract<Command, { verb: "BDAT" }>): undefined {
  const refusal = refuse(session);
  const { transaction } = session.state;
  if (transaction !== undefined && refusal === undefined) transaction.chunking = true;
  session.expectChunk({ sizeBytes: command.sizeBytes, last: command.last, refusal });
  return undefined;
}

function refuse(session: Conversation): Reply | undefined {
  const { hello, transaction, offered } = session.state;
  if (hello === undefined) return replies.sendHelloFirst;
  if (!offered.chunking) return replies.commandNotImplemented;
  if (transaction === undefined) return replies.needMail;
  if (transaction.recipients.length === 0) return replies.noValidRecipients;
  return undefined;
}
