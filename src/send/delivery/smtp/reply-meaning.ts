/** What a reply to a command of a mail transaction says (RFC 5321 §4.2.1, §4.5.3.1.10). */
import type { PeerReply } from "./reply-reader.ts";

export type ReplyKind = "done" | "transient" | "permanent" | "unexpected";

export function kindOf({ code }: PeerReply): ReplyKind {
  if (code < 300) return "done";
  if (code < 400) return "unexpected";
  return code < 500 ? "transient" : "permanent";
}

/** The peer takes no more recipients in this transaction, but others in the next. RFC 821 said 552 for it. */
export function isTooManyRecipients({ code }: PeerReply, status: string): boolean {
  return (
    (code === 452 && (status === "4.5.3" || status === "4.0.0")) ||
    (code === 552 && (status === "5.5.3" || status === "5.0.0"))
  );
}

/** With recipients accepted these say that the command, not the message, is at fault. */
export function isAboutBdatItself({ code }: PeerReply): boolean {
  return code >= 500 && code <= 504;
}
