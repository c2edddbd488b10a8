/** QUIT (RFC 5321 §4.1.1.10). */
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";

export function quit(): GrantingReply {
  return replies.closing;
}
