/** BDAT (RFC 3030 §2): content in counted chunks. A refused chunk is read to its end before the reply. */
import type { Command } from "../../../core/smtp/command.ts";
import { refused, type Refused } from "../../../core/refusals/refusal.ts";
import { refusedWithoutStore } from "../../transaction/begin-transaction.ts";
import type { Conversation } from "../conversation.ts";

export function bdat(session: Conversation, command: Extract<Command, { verb: "BDAT" }>): undefined {
  const refusal = refuse(session);
  const { transaction } = session.state;
  if (transaction !== undefined && refusal === undefined) transaction.chunking = true;
  session.expectChunk({ sizeBytes: command.sizeBytes, last: command.last, refusal });
  return undefined;
}

function refuse(session: Conversation): Refused | undefined {
  const { hello, transaction, offered } = session.state;
  if (hello === undefined) return refused("sendHelloFirst");
  if (!offered.chunking) return refused("chunkingNotOffered");
  if (transaction === undefined) return refused("needMail");
  if (transaction.recipients.length === 0) return refused("noValidRecipients");
  return refusedWithoutStore(session.services);
}
