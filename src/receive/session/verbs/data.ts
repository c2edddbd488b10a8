/** DATA (RFC 5321 §4.1.1.4). */
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function data(session: Conversation): Reply {
  const { hello, transaction } = session.state;
  if (hello === undefined) return replies.sendHelloFirst;
  if (transaction === undefined) return replies.needMail;
  // RFC 3030 §2, §3: not among chunks, and not for binary content.
  if (transaction.chunking) return replies.badSequence;
  if (transaction.body === "BINARYMIME") return replies.binaryNeedsBdat;
  if (transaction.recipients.length === 0) return replies.noValidRecipients;
  session.expectContent();
  return replies.startMailInput;
}
