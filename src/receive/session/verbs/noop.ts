/** NOOP (RFC 5321 §4.1.1.9). */
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";

export function noop(): GrantingReply {
  return replies.ok;
}
