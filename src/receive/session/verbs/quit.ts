/** QUIT (RFC 5321 §4.1.1.10). */
import { replies, type Reply } from "../../../core/smtp/reply.ts";

export function quit(): Reply {
  return replies.closing;
}
