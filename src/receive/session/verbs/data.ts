/** DATA (RFC 5321 §4.1.1.4). */
import { refused } from "../../../core/refusals/refusal.ts";
import { replies } from "../../../core/smtp/reply.ts";
import { refusedWithoutStore } from "../../transaction/begin-transaction.ts";
import type { Conversation, Verdict } from "../conversation.ts";

export function data(session: Conversation): Verdict {
  const { hello, transaction } = session.state;
  if (hello === undefined) return refused("sendHelloFirst");
  if (transaction === undefined) return refused("needMail");
  // RFC 3030 §2, §3: not among chunks, and not for binary content.
  if (transaction.chunking) return refused("badSequence", { detail: "DATA among the chunks of BDAT" });
  if (transaction.body === "BINARYMIME") return refused("binaryNeedsBdat");
  if (transaction.recipients.length === 0) return refused("noValidRecipients");
  const away = refusedWithoutStore(session.services);
  if (away !== undefined) return away;
  session.expectContent();
  return replies.startMailInput;
}
