/** NOOP (RFC 5321 §4.1.1.9). */
import { replies, type Reply } from "../../../core/smtp/reply.ts";

export function noop(): Reply {
  return replies.ok;
}
