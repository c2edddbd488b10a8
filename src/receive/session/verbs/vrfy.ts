/** VRFY (RFC 5321 §3.5.3): the same answer for everybody, so that nothing can be found out by it. */
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";

export function vrfy(): GrantingReply {
  return replies.cannotVerify;
}
