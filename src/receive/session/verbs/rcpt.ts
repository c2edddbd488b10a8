/** RCPT (RFC 5321 §4.1.1.3): one more recipient, if the client may send there. */
import { refused } from "../../../core/refusals/refusal.ts";
import type { Command } from "../../../core/smtp/command.ts";
import { replies } from "../../../core/smtp/reply.ts";
import { addRecipient } from "../../transaction/add-recipient.ts";
import { askedDelayMs } from "../../transaction/asked-refusal.ts";
import { refusedWithoutStore } from "../../transaction/begin-transaction.ts";
import type { Conversation, Verdict } from "../conversation.ts";

export function rcpt(session: Conversation, command: Extract<Command, { verb: "RCPT" }>): Verdict {
  const { hello, transaction } = session.state;
  if (hello === undefined) return refused("sendHelloFirst");
  if (transaction === undefined) return refused("needMail");
  if (transaction.chunking) return refused("badSequence", { detail: "RCPT among the chunks of BDAT" });
  const refusal =
    refusedWithoutStore(session.services) ??
    addRecipient(session.state, session.services, transaction, command);
  if (refusal !== undefined) return refusal;
  session.holdBack(askedDelayMs(session.state, command.forwardPath), "Recipient");
  return replies.recipientOk;
}
