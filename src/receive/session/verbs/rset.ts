/** RSET (RFC 5321 §4.1.1.5). */
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";
import type { Conversation } from "../conversation.ts";

export function rset(session: Conversation): GrantingReply {
  session.resetTransaction();
  return replies.resetting;
}
