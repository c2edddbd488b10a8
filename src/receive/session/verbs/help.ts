/** HELP (RFC 5321 §4.1.1.8). */
import { replies, type GrantingReply } from "../../../core/smtp/reply.ts";

const commands = ["HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP QUIT HELP VRFY"];

export function help(): GrantingReply {
  return { ...replies.helpText, more: commands };
}
