/** RSET (RFC 5321 §4.1.1.5). */
import { replies, type Reply } from "../../../core/smtp/reply.ts";
import type { Session } from "../session.ts";

export function rset(session: Session): Reply {
  session.resetTransaction();
  return replies.resetting;
}
